import type { Recipe } from "./recipe.js";

/** Cross-entropy and a teacher. */
export const kd: Recipe = {
  id: "kd",
  title: "distillation",
  label: "KD",
  methods: [{ method: "crossEntropy" }, { method: "distillation" }],
};
