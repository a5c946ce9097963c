/** Energy of logits scaled by a share that every picture has of its own. */
import { mul } from "../../graph/index.js";
import { adaptiveScaling, fitShifts, ratioOf, shiftOf } from "../adaptiveScaling.js";
import { defineDetector } from "../detector.js";
import { energyOf } from "../shaping.js";

/**
 * AdaSCALE-L: log Σ exp(r² z), r = Σ relu(f) / Σ of its k largest. How many count as largest follows how the features of this picture
 * change when the elements of the input that matter least are moved, compared with validation pictures.
 *
 * @cost two forward passes and a backward one
 * @source Regmi et al. 2025, "AdaSCALE: Adaptive Scaling for OOD Detection"
 */
export const adascaleL = defineDetector({
  id: "adascale_l",
  title: "Adaptive scaling, logits scaled",
  aliases: ["adascaleL"],
  jumps: true,
  needs: ["images", "features", "logits", "head"],
  source: "Regmi et al. 2025",
  formula: "log Σ exp(r² z), r by the picture",
  cost: "two forward passes and a backward one",
  notes: [
    "OpenOOD as in the paper. Percentiles step with the number of validation pictures, so that equal engines may differ where a rank falls on a half.",
  ],
  parameters: adaptiveScaling,
  fitReads: ["kept", "changed", "weight", "moved", "samples", "seed"],
  fit: {
    on: "validation",
    needs: ["measured"],
    measure: (_graph, inputs, parameters) => shiftOf(inputs, parameters),
    tensors: ["shifts"],
    run: (streams, parameters) => fitShifts(streams, parameters),
  },
  score(_graph, { images, features, logits, head, fitted }, parameters) {
    const shift = shiftOf({ images, features, logits }, parameters);
    const ratio = ratioOf(features, shift, fitted.shifts, parameters);
    return energyOf(mul(head.apply(features), mul(ratio, ratio)));
  },
});
