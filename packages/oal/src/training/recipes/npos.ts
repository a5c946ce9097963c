import type { Recipe } from "./recipe.js";

/** Directions of classes, and outliers at the edge of the features. */
export const npos: Recipe = {
  id: "npos",
  title: "outliers at the edge of the features",
  label: "NPOS",
  methods: [{ method: "npos" }],
};
