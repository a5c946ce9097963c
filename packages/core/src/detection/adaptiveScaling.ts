/** Scaling of features by a share of each picture's own: what `adascale_a` and `adascale_l` have in common. */
import {
  abs,
  add,
  cast,
  div,
  floor,
  gatherElements,
  greater,
  less,
  logicalNot,
  mul,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  sub,
  topK,
  where,
  type Tensor,
  type Value,
} from "../graph/index.js";
import { Random } from "../random/index.js";
import type { Head } from "../classifier/taps.js";
import { defineDetector, type Detector } from "./detector.js";
import type { FitStreams } from "./fit.js";
import { collect, floats } from "./fitting/statistics.js";
import { calledClasses, gradientOf } from "./inputGradient.js";
import type { DetectorInputs } from "./inputs.js";
import { integer, list, real, type ParameterValues } from "./parameters.js";
import { largestMask } from "./shaping.js";

/** Parameters of both. */
const adaptiveScaling = {
  percentiles: list({
    of: "real",
    min: 0,
    below: 100,
    length: { min: 2, max: 2 },
    default: [75, 85],
    search: [60, 65, 70, 75, 80, 85, 90, 95, 99].flatMap((low, i, all) =>
      all.slice(i + 1).map((high) => [low, high]),
    ),
    description: "the percentile of scaling for pictures that move least and most, in per cent",
    reason: "OpenOOD's",
  }),
  kept: real({
    min: 0,
    max: 100,
    default: 5,
    search: [5],
    description: "k1, the share of a feature's largest elements whose moved values are summed, in per cent",
    reason: "OpenOOD's",
  }),
  changed: real({
    min: 0,
    max: 100,
    default: 1,
    search: [1],
    description: "k2, the share of a feature's largest elements whose change is summed, in per cent",
    reason: "OpenOOD's",
  }),
  weight: real({
    min: 0,
    default: 10,
    search: [10],
    description: "λ, the weight of the change",
    reason: "OpenOOD's",
  }),
  moved: real({
    above: 0,
    max: 1,
    default: 0.05,
    search: [0.05],
    description: "o, the share of the input's elements that move: those of the smallest gradient",
    reason: "OpenOOD's",
  }),
  samples: integer({
    min: 1,
    default: 5000,
    description: "how many validation images the distribution is made of, drawn where there are more",
    reason: "OpenOOD's",
  }),
  seed: integer({ min: 0, default: 0, description: "seed of that draw", reason: "any seed will do" }),
};

type Values = ParameterValues<typeof adaptiveScaling>;
type Inputs = Pick<DetectorInputs<"images" | "features" | "logits", never>, "images" | "features" | "logits">;

/**
 * Q' of every image, [N, 1]: how much of its largest features stays, and how much they change, when the elements of the input that matter
 * least to the called class move by half a unit along the gradient.
 */
function shiftOf({ images, features, logits }: Inputs, { kept, changed, weight, moved }: Values): Value {
  const gradient = gradientOf(reduceSum(mul(logits, calledClasses(logits)), [1]), images.input);
  const [count = 0, ...rest] = images.input.dims;
  const elements = rest.reduce<number>((product, dim) => product * Number(dim), 1);
  const flat = reshape(gradient, [count, elements]);
  const mask = largestMask(mul(abs(flat), -1), Math.max(1, Math.floor(moved * elements)));
  const sign = sub(cast(greater(flat, 0), "float32"), cast(less(flat, 0), "float32"));
  const step = reshape(mul(mul(sign, mask), 0.5), [count, ...rest]);
  const there = images.at(add(images.input, step))(features);
  const size = features.size(1);
  const of = (share: number, values: Value): Value | null => {
    const many = Math.floor((share / 100) * size);
    if (many === 0) return null;
    const { indices } = topK(features, many, { axis: 1 });
    return reduceSum(gatherElements(values, indices, 1), [1], true);
  };
  const stays = of(kept, relu(there));
  const change = of(changed, abs(sub(features, there)));
  if (stays && change) return add(stays, mul(change, weight));
  return stays ?? (change ? mul(change, weight) : mul(reduceSum(features, [1], true), 0));
}

/** The measured Q' of validation images, sorted: [1, n]. */
async function fitShifts(
  streams: FitStreams<"measured">,
  { samples, seed }: Values,
): Promise<{ readonly shifts: Tensor }> {
  const { data } = await collect(streams, "measured");
  const chosen =
    data.length <= samples
      ? data
      : Float32Array.from(
          new Random(seed, "detector/adascale").permutation(0, data.length).subarray(0, samples),
          (i) => data[i] ?? 0,
        );
  const sorted = chosen.slice().sort();
  return { shifts: floats([1, sorted.length], sorted) };
}

/**
 * r of every image, [N, 1]: Σ relu(f) over the sum of its k largest, k by a percentile between the two of the parameters: the further an
 * image's Q' lies up in the distribution of the validation images', the lower the percentile.
 */
function ratioOf(features: Value, shift: Value, shifts: Value, { percentiles }: Values): Value {
  const [low = 0, high = 0] = percentiles;
  const size = features.size(1);
  const share = reduceMean(cast(logicalNot(greater(shifts, shift)), "float32"), [1], true);
  const percentile = add(mul(sub(1, share), high - low), low);
  const count = sub(size, roundHalfToEven(mul(percentile, size / 100)));
  const positive = relu(features);
  const { values } = topK(positive, size, { axis: 1 });
  const places = features.graph.constant(
    floats(
      [1, size],
      Array.from({ length: size }, (_, j) => j),
    ),
    "adascale.places",
  );
  const largest = mul(values, cast(less(places, count), "float32"));
  return div(reduceSum(positive, [1], true), reduceSum(largest, [1], true));
}

/**
 * The nearest whole number, halves to even. With few features and images halves are no exception (24 features, a percentile in steps of
 * 25/120), so that what lies within float32's rounding of a half counts as one.
 */
function roundHalfToEven(x: Value): Value {
  const low = floor(x);
  const isHalf = less(abs(sub(sub(x, low), 0.5)), 1e-4);
  return where(isHalf, mul(floor(div(add(low, 1), 2)), 2), floor(add(x, 0.5)));
}

/** What tells one variant from the other. */
export interface ScalingVariant {
  readonly id: string;
  readonly title: string;
  readonly aliases: readonly string[];
  readonly formula: string;
  /** The confidence [N] from r, [N, 1]. */
  readonly confidence: (ratio: Value, features: Value, head: Head) => Value;
}

/**
 * A variant of AdaSCALE: energies scaled by r = Σ relu(f) / Σ of its k largest. How many count as largest follows how the features of this
 * picture change when the elements of the input that matter least are moved, compared with validation pictures.
 *
 * @cost two forward passes and a backward one; a number for each validation image, of up to `samples`
 * @source Regmi et al. 2025, "AdaSCALE: Adaptive Scaling for OOD Detection"
 */
export function adaptiveScalingDetector({ confidence, ...variant }: ScalingVariant): Detector {
  return defineDetector({
    ...variant,
    jumps: true,
    assumesPositive: true,
    needs: ["images", "features", "logits", "head"],
    source: "Regmi et al. 2025",
    cost: "two forward passes and a backward one; one number for each of up to 5,000 validation pictures",
    notes: [
      "OpenOOD as in the paper. Percentiles step with the number of validation pictures, so that equal engines may differ where a rank falls on a half.",
      "Of equal gradients the earlier elements move; in OpenOOD a library's sort chooses.",
      "A feature of zeros has no ratio r, and so no score.",
      "Not in pytorch-ood.",
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
      return confidence(ratioOf(features, shift, fitted.shifts, parameters), features, head);
    },
  });
}
