import type { Recipe } from "./recipe.js";

/** Cross-entropy alone. */
export const ce: Recipe = {
  id: "ce",
  title: "cross-entropy",
  label: "CE",
  methods: [{ method: "crossEntropy" }],
};
