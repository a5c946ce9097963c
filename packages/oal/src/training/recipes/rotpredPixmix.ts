import type { Recipe } from "./recipe.js";

/** Prediction of quarter turns of mixed pictures. */
export const rotpredPixmix: Recipe = {
  id: "rotpred-pixmix",
  title: "prediction of quarter turns, mixed pictures",
  label: "RotPred+PixMix",
  methods: [{ method: "crossEntropy" }, { method: "pixMix" }, { method: "rotpred" }],
};
