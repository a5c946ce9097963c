import type { Recipe } from "./recipe.js";

/** Cross-entropy, a teacher, and outliers made from its embeddings. */
export const oal: Recipe = {
  id: "oal",
  title: "outlier-aware learning",
  label: "OAL",
  methods: [
    { method: "crossEntropy" },
    { method: "distillation" },
    { method: "mutualInformation" },
    { method: "energyClassifier" },
    { method: "exposure" },
  ],
};
