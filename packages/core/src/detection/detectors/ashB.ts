/** Energy of features of which only the largest are kept, binarized. */
import { div, mul } from "../../graph/index.js";
import { activationShaping } from "../activationShaping.js";

/** ASH-B: every kept element becomes Σ f / k, k their number, so that the sum of the feature stays. */
export const ashB = activationShaping({
  id: "ash_b",
  title: "Activation shaping, binarized",
  aliases: ["ash", "ashB"],
  kept: "all Σf / k",
  notes: [
    "With fewer positive elements than are kept, zeros are filled, and which ones depends on a library's sort; here the earlier.",
  ],
  shape: ({ mask, count, sum }) => mul(mask, div(sum, count)),
});
