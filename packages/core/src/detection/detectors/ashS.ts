/** Energy of features of which only the largest are kept, scaled. */
import { div, exp, mul, reduceSum } from "../../graph/index.js";
import { activationShaping, pruned } from "../activationShaping.js";

/** ASH-S: kept elements are multiplied by exp(Σ f / Σ of the kept). */
export const ashS = activationShaping({
  id: "ash_s",
  title: "Activation shaping, scaled",
  aliases: ["ashS"],
  kept: "times exp(Σf / Σ_kept f)",
  notes: [
    "With fewer positive elements than are kept, zeros are kept, and every element is multiplied by e.",
    "A feature of zeros has no such ratio, and so no score.",
  ],
  shape(kept) {
    const left = pruned(kept);
    return mul(left, exp(div(kept.sum, reduceSum(left, [1], true))));
  },
});
