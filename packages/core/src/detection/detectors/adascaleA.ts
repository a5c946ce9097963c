/** Energy of features scaled by a share that every picture has of its own. */
import { exp, mul } from "../../graph/index.js";
import { adaptiveScaling, fitShifts, ratioOf, shiftOf } from "../adaptiveScaling.js";
import { defineDetector } from "../detector.js";
import { headEnergy } from "../shaping.js";

/**
 * AdaSCALE-A: log Σ exp(W f e^r + b), r = Σ relu(f) / Σ of its k largest. How many count as largest follows how the features of this picture
 * change when the elements of the input that matter least are moved, compared with validation pictures.
 *
 * @cost two forward passes and a backward one
 * @source Regmi et al. 2025, "AdaSCALE: Adaptive Scaling for OOD Detection"
 */
export const adascaleA = defineDetector({
  id: "adascale_a",
  title: "Adaptive scaling, features scaled",
  aliases: ["adascaleA", "adascale"],
  jumps: true,
  needs: ["images", "features", "logits", "head"],
  source: "Regmi et al. 2025",
  formula: "log Σ exp(W f e^r + b), r by the picture",
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
    return headEnergy(head, mul(features, exp(ratio)));
  },
});
