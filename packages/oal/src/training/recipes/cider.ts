import type { Recipe } from "./recipe.js";

/** Directions of classes. */
export const cider: Recipe = {
  id: "cider",
  title: "compactness and dispersion",
  label: "CIDER",
  methods: [{ method: "cider" }],
};
