/** Energy of logits scaled by a share that every picture has of its own. */
import { mul } from "../../graph/index.js";
import { adaptiveScalingDetector } from "../adaptiveScaling.js";
import { energyOf } from "../shaping.js";

/** AdaSCALE-L: log Σ exp(r² z), r by the picture. */
export const adascaleL = adaptiveScalingDetector({
  id: "adascale_l",
  title: "Adaptive scaling, logits scaled",
  aliases: ["adascaleL"],
  formula: "log Σ exp(r² z), r by the picture",
  confidence: (ratio, features, head) => energyOf(mul(head.apply(features), mul(ratio, ratio))),
});
