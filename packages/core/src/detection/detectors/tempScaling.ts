/** Softmax at the temperature that fits the validation labels best. */
import { oalError } from "../../errors/index.js";
import { div, reduceMax, softmax } from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { collect, firstLargest, floats } from "../fitting/statistics.js";
import { choice } from "../parameters.js";

/** Temperatures outside are not looked at: below, every softmax is a one-hot vector, above, every one is flat. */
const smallest = 1e-3;
const largest = 1e3;

/**
 * Temperature scaling: max_c softmax(z / T)_c with T fitted on validation images.
 *
 * `minimum` takes the T of least cross-entropy (the loss is convex in 1/T), within 0.001 to 1,000. `openood` follows the optimiser of
 * OpenOOD step by step: L-BFGS with rate 0.01 and at most 50 iterations from T = 1.5, which stops short of the minimum.
 *
 * @source Guo et al. 2017, "On Calibration of Modern Neural Networks"
 */
export const tempScaling = defineDetector({
  id: "temp_scaling",
  title: "Temperature scaling",
  aliases: ["tempScaling", "temperatureScaling"],
  needs: ["logits"],
  source: "Guo et al. 2017",
  formula: "max_c softmax(z / T)_c, T fitted",
  cost: "C; one number",
  notes: [
    "OpenOOD runs an optimiser that stops before the minimum (rule: openood); pytorch-ood runs the same from T = 1.",
    "Where the loss has almost no curvature at the start, that optimiser may end at a negative T (rule: openood), which inverts the ranking of the classes.",
    "In float32 it is exactly 1 where the two largest logits lie more than about 17 T apart, so that sure pictures tie.",
  ],
  parameters: {
    rule: choice({
      options: ["minimum", "openood"],
      default: "minimum",
      description: "how T is found",
      reason:
        "the minimum is what temperature scaling means; OpenOOD's optimiser stops at 1.05 where the minimum is 0.71",
    }),
  },
  fit: {
    on: "validation",
    labelled: true,
    needs: ["logits"],
    tensors: ["temperature"],
    async run(streams, { rule }) {
      const { width, data, labels } = await collect(streams, "logits");
      const slope = slopeOf(data, width, labels);
      return { temperature: floats([1], [rule === "openood" ? likeOpenOod(slope) : minimiser(slope)]) };
    },
    remarks: ({ temperature: { data } }) =>
      Number(data[0]) > 0
        ? []
        : [
            `the temperature is ${Number(data[0]).toPrecision(3)}: OpenOOD's optimiser left the positive numbers here, and the order of classes and pictures is turned round (rule "minimum" does not)`,
          ],
  },
  score: (_graph, { logits, fitted }) => reduceMax(softmax(div(logits, fitted.temperature), 1), [1]),
});

/** Mean cross-entropy at a temperature, and its derivative by the temperature. */
type Slope = (temperature: number) => { readonly loss: number; readonly slope: number };

function slopeOf(logits: Float32Array, classes: number, labels: Int32Array): Slope {
  return (temperature) => {
    let loss = 0;
    let slope = 0;
    for (let i = 0; i < labels.length; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      const own = row[labels[i] ?? 0] ?? 0;
      const middle = row[firstLargest(row)] ?? 0;
      let sum = 0;
      let expected = 0;
      for (const z of row) {
        const e = Math.exp((z - middle) / temperature);
        sum += e;
        expected += e * z;
      }
      loss += (middle - own) / temperature + Math.log(sum);
      slope += (own - expected / sum) / temperature ** 2;
    }
    return { loss: loss / labels.length, slope: slope / labels.length };
  };
}

/**
 * The root of the derivative by halving in log T.
 *
 * @throws OAL-E292 where there is none between the bounds: with every image right, the loss falls as long as T does
 */
function minimiser(slope: Slope): number {
  if (!(slope(smallest).slope < 0 && slope(largest).slope > 0))
    throw oalError("OAL-E292", {
      detector: "temp_scaling",
      problem: `no temperature between ${smallest} and ${largest} has the least cross-entropy; so it is where every image that it is fitted on is classified rightly, or none better than by chance`,
    });
  let low = Math.log(smallest);
  let high = Math.log(largest);
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)).slope < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** L-BFGS without line search in one dimension: torch's `LBFGS(lr=0.01, max_iter=50)`, one step. */
function likeOpenOod(slope: Slope): number {
  const rate = 0.01;
  let temperature = 1.5;
  let { loss, slope: g } = slope(temperature);
  if (Math.abs(g) <= 1e-7) return temperature;
  let ratio = 1;
  let step = -rate * Math.min(1, 1 / Math.abs(g)) * g;
  for (let iteration = 1; ; iteration++) {
    temperature += step;
    if (iteration === 50) return temperature;
    const next = slope(temperature);
    const change = next.slope - g;
    const settled =
      Math.abs(next.slope) <= 1e-7 || Math.abs(step) <= 1e-9 || Math.abs(next.loss - loss) < 1e-9;
    if (settled) return temperature;
    if (change * step > 1e-10) ratio = step / change;
    ({ loss, slope: g } = next);
    if (g * g * ratio < 1e-9) return temperature;
    step = -rate * g * ratio;
  }
}
