import type { Recipe } from "./recipe.js";

/** Cross-entropy of class scores of one length. */
export const logitnorm: Recipe = {
  id: "logitnorm",
  title: "normalised class scores",
  label: "LogitNorm",
  methods: [{ method: "logitNorm" }],
};
