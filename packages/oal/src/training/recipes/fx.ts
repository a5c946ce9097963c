import type { Recipe } from "./recipe.js";

/** Cross-entropy, and outliers of the model's own feature space: for students that start from a model. */
export const fx: Recipe = {
  id: "fx",
  title: "cross-entropy and outlier features",
  label: "FX",
  methods: [{ method: "crossEntropy" }, { method: "featureExposure" }],
};
