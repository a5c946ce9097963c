/** Energy of features cut off above and below. */
import { cast, greaterOrEqual, maximum, minimum, mul } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { elementPercentiles } from "../fitting/elementPercentiles.js";
import { floats } from "../fitting/statistics.js";
import { choice, real } from "../parameters.js";
import { headEnergy } from "../shaping.js";

/**
 * VRA: log Σ exp(W f' + b), f' the feature with elements above t_high lowered to it and those below t_low raised to it (`openood`) or set
 * to 0 (`paper`); percentiles of all elements of the validation features. With more than `low` per cent zeros t_low is 0, and it is
 * `react`.
 *
 * @source Xu et al. 2023, "VRA: Variational Rectified Activation for Out-of-distribution Detection"
 */
export const vra = defineDetector({
  id: "vra",
  title: "Variational rectified activation",
  aliases: ["variationalRectifiedActivation"],
  assumesPositive: true,
  needs: ["features", "head"],
  source: "Xu et al. 2023",
  formula: "log Σ exp(W clip(f, t_low, t_high) + b)",
  cost: "C d; two numbers",
  notes: [
    "Below the lower cut OpenOOD raises elements to it, the paper sets them to 0 (variant: paper).",
    "pytorch-ood cuts maps before pooling, every element of them at percentiles of its own (1 and 99), and raises to the lower cut.",
    "Where more than `low` per cent of the elements are 0, the lower cut is 0, and behind a ReLU it is react.",
  ],
  parameters: {
    high: real({
      min: 0,
      max: 100,
      default: 90,
      search: [85, 90, 95, 99],
      description: "the percentile that is the upper cut",
      reason: "OpenOOD's",
    }),
    low: real({
      min: 0,
      max: 100,
      default: 10,
      search: [1, 5, 10, 15],
      description: "the percentile that is the lower cut",
      reason: "OpenOOD's",
    }),
    variant: choice({
      options: ["openood", "paper"],
      default: "openood",
      description: "elements below the lower cut become the cut (openood) or 0 (paper)",
      reason: "tables of the field are made with OpenOOD's",
    }),
  },
  fitReads: ["high", "low"],
  fit: {
    on: "validation",
    needs: ["features"],
    tensors: ["high", "low"],
    async run(streams, { high, low }) {
      const [above = 0, below = 0] = await elementPercentiles(streams, "features", [high, low]);
      return { high: floats([1], [above]), low: floats([1], [below]) };
    },
  },
  score(_graph, { features, head, fitted }, { variant }) {
    const cut = minimum(features, fitted.high);
    const raised =
      variant === "paper"
        ? mul(cut, cast(greaterOrEqual(features, fitted.low), "float32"))
        : maximum(cut, fitted.low);
    return headEnergy(head, raised);
  },
});
