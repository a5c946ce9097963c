/** What the three variants of ASH have in common: the largest elements of a feature are kept, the others become 0. */
import { mul, reduceSum, type Value } from "../graph/index.js";
import { defineDetector, type Detector } from "./detector.js";
import { real } from "./parameters.js";
import { headEnergy, keptAbove, largestMask } from "./shaping.js";

/** Features of which the largest are kept. */
export interface KeptFeatures {
  /** float32 [N, d] */
  readonly features: Value;
  /** 1 where an element is kept, else 0; of equal elements at the cut the earlier are kept. */
  readonly mask: Value;
  /** How many are kept. */
  readonly count: number;
  /** Σ of all elements, before any becomes 0: [N, 1]. */
  readonly sum: Value;
}

/** What tells one variant from the others. */
export interface ShapingVariant {
  readonly id: string;
  readonly title: string;
  readonly aliases: readonly string[];
  /** What becomes of the kept elements, in words. */
  readonly kept: string;
  readonly notes?: readonly string[];
  /** f', [N, d]. */
  readonly shape: (kept: KeptFeatures) => Value;
}

/**
 * A variant of ASH: log Σ exp(W f' + b).
 *
 * @source Djurisic et al. 2023, "Extremely Simple Activation Shaping for Out-of-Distribution Detection", on pooled features as in OpenOOD
 */
export function activationShaping({ id, title, aliases, kept, notes = [], shape }: ShapingVariant): Detector {
  return defineDetector({
    id,
    title,
    aliases,
    jumps: true,
    assumesPositive: true,
    needs: ["features", "head"],
    source: "Djurisic et al. 2023",
    formula: `log Σ exp(W f' + b), kept elements ${kept}`,
    cost: "d log d; no numbers",
    notes: [
      "OpenOOD shapes the pooled feature; the paper shapes maps before pooling in some models, and pytorch-ood always, with 65 per cent set to 0, as ash_s unless told otherwise.",
      "There is no variant on maps: it would be read off the model inside its graph, and with it every ASH, which now needs stored features and the last layer alone.",
      "Of equal elements at the cut the earlier are kept; in OpenOOD a library's sort chooses.",
      ...notes,
    ],
    parameters: {
      percentile: real({
        min: 0,
        below: 100,
        default: 90,
        search: [65, 70, 75, 80, 85, 90, 95],
        description: "the share of a feature's elements that is set to 0, in per cent",
        reason: "OpenOOD's for every variant; the paper takes 60 to 95 by model",
      }),
    },
    score(_graph, { features, head }, { percentile }) {
      const count = keptAbove(features.size(1), percentile);
      const mask = largestMask(features, count);
      return headEnergy(head, shape({ features, mask, count, sum: reduceSum(features, [1], true) }));
    },
  });
}

/** The kept elements as they are, 0 elsewhere. */
export function pruned({ features, mask }: KeptFeatures): Value {
  return mul(features, mask);
}
