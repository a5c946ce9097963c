/** Neuron activation coverage: how often training images put each neuron into the state that an image puts it into. */
import {
  add,
  cast,
  clip,
  exp,
  floor,
  gather,
  less,
  logSumExp,
  minimum,
  mul,
  neg,
  reduceMean,
  reduceSum,
  sigmoid,
  sub,
  where,
  type Tensor,
  type Value,
} from "../graph/index.js";
import { oalError } from "../errors/index.js";
import { balancedDraw } from "./fitting/draw.js";
import { floats, percentile } from "./fitting/statistics.js";
import { integer, list, type ParameterValues } from "./parameters.js";

/** The states of a layer's neurons: a state s becomes σ(steepness · s), which falls into a bin; a bin that `enough` images met is covered. */
export interface CoverageLayer {
  readonly steepness: number;
  readonly bins: number;
  readonly enough: number;
}

const perLayer = "by layer, from the last; the last number stands for all further layers";
const ofAuthors = "the authors' for a ResNet-18 on CIFAR-10";

/** What is tried where the authors' steepness tells nothing of a model: ever flatter sigmoids, one for all layers. */
const flatter: readonly (readonly number[])[] = [[10], [1], [0.1], [0.01]];

/** What both detectors say of where they leave the authors' code. */
export const coverageNotes: readonly string[] = [
  "Ours: a steepness with which a picture without any activity (all states 0) would be covered as well as the training pictures are (their median) is refused; without a given one, flatter ones are tried, and where none helps the detector is left out.",
  "Ours: with fewer training pictures than are to be looked at, fewer cover a bin, in proportion.",
];

/**
 * Parameters of both detectors; the defaults are by layer, from the penultimate features to the first map.
 *
 * @param searched  whether a search tries the flatter sigmoids too
 */
export function coverageParameters(layers: number, searched = false) {
  const first = (values: readonly number[]): readonly number[] => values.slice(0, layers);
  return {
    steepness: list({
      of: "real",
      above: 0,
      default: first([100, 1000, 0.001, 0.001]),
      fallbacks: flatter,
      ...(searched ? { search: [first([100]), ...flatter] } : {}),
      description: `α, how steep the sigmoid of a state is, ${perLayer}`,
      reason: ofAuthors,
    }),
    bins: list({
      of: "integer",
      min: 4,
      max: 10_000,
      default: first([50, 500, 50, 500]),
      description: `M, thresholds of a state, which make two fewer bins, ${perLayer}`,
      reason: ofAuthors,
    }),
    enough: list({
      of: "integer",
      min: 1,
      default: first([50, 100, 5, 100]),
      description: `O, images that cover a bin whole, of as many as \`samples\`, ${perLayer}`,
      reason: ofAuthors,
    }),
    samples: integer({
      min: 1,
      default: 1000,
      description: "training images that are looked at, drawn with as many of every class",
      reason: "the authors' valid_num",
    }),
    seed: integer({ min: 0, default: 0, description: "seed of that draw", reason: "any seed will do" }),
  };
}

/** What they are set to. */
export type CoverageValues = ParameterValues<ReturnType<typeof coverageParameters>>;

/**
 * The settings of one layer, counted from the last.
 *
 * @param images  how many were looked at: with fewer than `samples`, fewer cover a bin. Default: `samples`
 */
export function coverageLayer(
  { steepness, bins, enough, samples }: CoverageValues,
  layer: number,
  images = samples,
): CoverageLayer {
  const of = (values: readonly number[]): number => values[layer] ?? values.at(-1) ?? 1;
  const share = Math.min(1, images / samples);
  return { steepness: of(steepness), bins: of(bins), enough: Math.max(1, share * of(enough)) };
}

/** The images that a fit looks at. */
export function coverageDraw(labels: Int32Array, { samples, seed }: CoverageValues): number[] {
  return balancedDraw(labels, samples, seed, "detector/nac");
}

/**
 * D(u || p) up to a constant, [N]: log Σ exp(z) - mean z, what tells a uniform distribution u from the model's p. Its gradient by the
 * class scores is p - 1/C.
 */
export function uniformDivergence(logits: Value): Value {
  return sub(logSumExp(logits, [1], false), reduceMean(logits, [1], false));
}

const base = 1000;
/** Half of the bins, and how far they lie apart before the logarithm; they are the narrower the nearer they lie to the middle. */
const halfOf = (bins: number): { readonly half: number; readonly step: number } => {
  const half = Math.floor(bins / 2) - 1;
  return { half, step: (Math.sqrt(base) - 1) / half };
};

/** Bins that a layer has. */
export function binCount({ bins }: CoverageLayer): number {
  return 2 * halfOf(bins).half;
}

/**
 * The bins of states, float32 [N, neurons]: thresholds log_1000(1 + k step) up to one half, mirrored above it; a state on a threshold
 * belongs to the bin above.
 *
 * @param states  s = z · ∂D/∂z
 */
export function binsOf(states: Value, { steepness, bins }: CoverageLayer): Value {
  const { half, step } = halfOf(bins);
  const state = sigmoid(mul(states, steepness));
  const near = minimum(state, sub(1, state));
  const place = mul(sub(exp(mul(near, Math.log(base))), 1), 1 / step);
  const below = clip(floor(place), 0, half - 1);
  const above = sub(2 * half, clip(neg(floor(neg(place))), 1, half));
  return where(less(state, 0.5), below, above);
}

/** {@link binsOf} of one state. */
export function binOf(s: number, { steepness, bins }: CoverageLayer): number {
  const { half, step } = halfOf(bins);
  const state = 1 / (1 + Math.exp(-steepness * s));
  const place = (base ** Math.min(state, 1 - state) - 1) / step;
  if (state < 0.5) return Math.min(half - 1, Math.max(0, Math.floor(place)));
  return 2 * half - Math.min(half, Math.max(1, Math.ceil(place)));
}

/** Most images whose own coverage is compared with that of no activity. */
const mostCompared = 1000;

/** Counts of bins by neuron, and what of them is covered. */
export class CoverageCounts {
  readonly #layers: readonly CoverageLayer[];
  readonly #layerOf: readonly number[];
  readonly #images: number;
  readonly #counts: Float64Array;
  readonly #most: number;
  /** The bins of some images, spread over all of them. */
  readonly #compared: Uint16Array[] = [];
  #added = 0;

  /**
   * @param layerOf  the layer of each neuron
   * @param images  how many will be added
   */
  constructor(layers: readonly CoverageLayer[], layerOf: readonly number[], images: number) {
    this.#layers = layers;
    this.#layerOf = layerOf;
    this.#images = images;
    this.#most = Math.max(...layers.map(binCount));
    this.#counts = new Float64Array(layerOf.length * this.#most);
  }

  /** Counts one image. @param bins  by neuron */
  add(bins: ArrayLike<number>): void {
    for (let i = 0; i < this.#layerOf.length; i++) {
      const at = i * this.#most + (bins[i] ?? 0);
      this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    }
    const before = (added: number): number =>
      Math.floor((added * Math.min(mostCompared, this.#images)) / Math.max(1, this.#images));
    if (before(this.#added + 1) > before(this.#added)) this.#compared.push(Uint16Array.from(bins));
    this.#added++;
  }

  /**
   * min(count / O, 1) by neuron and bin, flat: float32 [neurons · bins].
   *
   * @throws OAL-E292 where an image of no activity, all of whose states are 0, is covered no less than the median of the images that were
   *   added: what is less active than they are would then count as more known
   */
  coverage(detector: string): Tensor {
    const covered = this.#counts.map((count, k) => {
      const layer = this.#layers[this.#layerOf[Math.floor(k / this.#most)] ?? 0];
      return Math.min(1, count / (layer?.enough ?? 1));
    });
    const still = this.#layers.map((layer) => binOf(0, layer));
    const ofNone = this.#mean(covered, (i) => still[this.#layerOf[i] ?? 0] ?? 0);
    const own = this.#compared.map((bins) => this.#mean(covered, (i) => bins[i] ?? 0));
    const median = percentile(Float64Array.from(own).sort(), 50);
    if (!(ofNone < median)) {
      const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
      throw oalError("OAL-E292", {
        detector,
        problem: `a picture whose neurons say nothing would be covered as well (${percent(ofNone)}) as the training pictures are (median ${percent(median)}): with a steepness of ${this.#layers.map(({ steepness }) => steepness).join(", ")} it says nothing here`,
      });
    }
    return floats([covered.length], covered);
  }

  /** The mean over layers of the mean over their neurons of what is covered. */
  #mean(covered: Float64Array, binAt: (neuron: number) => number): number {
    const sums = this.#layers.map(() => ({ covered: 0, neurons: 0 }));
    this.#layerOf.forEach((layer, i) => {
      const sum = sums[layer];
      if (!sum) return;
      sum.covered += covered[i * this.#most + binAt(i)] ?? 0;
      sum.neurons++;
    });
    return sums.reduce((total, sum) => total + sum.covered / Math.max(1, sum.neurons), 0) / sums.length;
  }
}

/**
 * The mean over layers of the mean over their neurons of what is covered, [N].
 *
 * @param bins  by layer, float32 [N, neurons]
 * @param coverage  as {@link CoverageCounts.coverage} gives it
 */
export function coverageScore(
  bins: readonly Value[],
  layers: readonly CoverageLayer[],
  coverage: Value,
): Value {
  const most = Math.max(...layers.map(binCount));
  let first = 0;
  const means = bins.map((own) => {
    const width = own.size(1);
    const starts = own.graph.constant(
      floats(
        [1, width],
        Array.from({ length: width }, (_, i) => (first + i) * most),
      ),
    );
    first += width;
    return reduceMean(gather(coverage, cast(add(own, starts), "int64"), 0), [1]);
  });
  const sum = means.reduce((total, mean) => add(total, mean));
  return mul(sum, 1 / means.length);
}

/** Sums over the places of a map, [N, channels]. */
export function pooledSum(map: Value): Value {
  return reduceSum(map, [2, 3]);
}
