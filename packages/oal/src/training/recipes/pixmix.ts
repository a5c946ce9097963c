import type { Recipe } from "./recipe.js";

/** Cross-entropy of pictures mixed with fractals. */
export const pixmix: Recipe = {
  id: "pixmix",
  title: "pictures mixed with fractals",
  label: "PixMix",
  methods: [{ method: "crossEntropy" }, { method: "pixMix" }],
};
