/** Energy of features of which only the largest are kept, pruned. */
import { activationShaping, pruned } from "../activationShaping.js";

/** ASH-P: kept elements stay as they are. */
export const ashP = activationShaping({
  id: "ash_p",
  title: "Activation shaping, pruned",
  aliases: ["ashP"],
  kept: "unchanged",
  notes: ["With fewer positive elements than are kept, zeros are kept, which change nothing."],
  shape: pruned,
});
