import type { Recipe } from "./recipe.js";

/** Cross-entropy, and a head that says how pictures were turned. */
export const rotpred: Recipe = {
  id: "rotpred",
  title: "prediction of quarter turns",
  label: "RotPred",
  methods: [{ method: "crossEntropy" }, { method: "rotpred" }],
};
