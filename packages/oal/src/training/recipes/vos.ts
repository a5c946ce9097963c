import type { Recipe } from "./recipe.js";

/** Cross-entropy, and virtual outliers of the features' Gaussians. */
export const vos: Recipe = {
  id: "vos",
  title: "virtual outliers",
  label: "VOS",
  methods: [{ method: "crossEntropy" }, { method: "vos" }],
};
