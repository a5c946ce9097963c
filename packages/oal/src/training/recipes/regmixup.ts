import type { Recipe } from "./recipe.js";

/** Cross-entropy of pictures, and of mixed ones. */
export const regmixup: Recipe = {
  id: "regmixup",
  title: "mixed pictures beside the batch",
  label: "RegMixup",
  methods: [{ method: "crossEntropy" }, { method: "regMixup" }],
};
