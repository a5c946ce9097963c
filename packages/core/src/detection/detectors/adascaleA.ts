/** Energy of features scaled by a share that every picture has of its own. */
import { exp, mul } from "../../graph/index.js";
import { adaptiveScalingDetector } from "../adaptiveScaling.js";
import { headEnergy } from "../shaping.js";

/** AdaSCALE-A: log Σ exp(W f e^r + b), r by the picture. */
export const adascaleA = adaptiveScalingDetector({
  id: "adascale_a",
  title: "Adaptive scaling, features scaled",
  aliases: ["adascaleA", "adascale"],
  formula: "log Σ exp(W f e^r + b), r by the picture",
  confidence: (ratio, features, head) => headEnergy(head, mul(features, exp(ratio))),
});
