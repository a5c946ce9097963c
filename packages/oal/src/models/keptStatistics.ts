/** Means and variances that a batch normalisation keeps of what it saw in training: what a model's first layer must give. */
import { float32Data, Graph, inline, toNumbers, type Classifier, type Tensor } from "oal-core";

/** The first batch normalisation of a model. */
export interface KeptStatistics {
  /** From `pixels`, normalised pictures float32 [N, channels, S, S], to `output`, what the batch normalisation takes. */
  readonly graph: Graph;
  /** Per channel. */
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  /** Of the pictures: 3, or 1 of grey ones. */
  readonly channels: number;
  /** S. */
  readonly side: number;
}

/** The statistics behind the first layers; null where no batch normalisation stands there with numbers of its own. */
export function firstStatistics({ graph, taps }: Classifier): KeptStatistics | null {
  const { input } = taps;
  const [, channels, , side] = input?.dims ?? [];
  if (!input || typeof side !== "number" || (channels !== 3 && channels !== 1)) return null;
  for (const node of graph.nodes) {
    if ((node.operator.onnxType ?? node.operator.name) !== "BatchNormalization") continue;
    const [value, , , mean, variance] = node.inputs;
    if (!value?.knownType || value.rank !== 4 || !mean?.constant || !variance?.constant) return null;
    const own = new Graph();
    const pixels = own.input("pixels", { dtype: "float32", shape: input.dims });
    const output = inline(own, graph, new Map([[input, pixels]]), { wanted: [value] }).get(value);
    // A batch normalisation of the pixels themselves tells as much.
    if (!output || own.inputs.length !== 1) return null;
    own.output("output", output);
    return {
      graph: own,
      mean: toNumbers(mean.constant),
      variance: toNumbers(variance.constant),
      channels,
      side,
    };
  }
  return null;
}

/**
 * How far the statistics of some pictures are from the kept ones.
 *
 * @param output float32 [N, C, H, W]
 * @returns mean over channels of the Kullback-Leibler divergence of normal distributions, in nats
 */
export function statisticsOf(output: Tensor, { mean, variance }: KeptStatistics): number {
  const [count = 0, channels = 0, ...sides] = output.shape;
  const plane = sides.reduce((all, side) => all * side, 1);
  const data = float32Data(output);
  let total = 0;
  for (let channel = 0; channel < channels; channel++) {
    let [sum, squares] = [0, 0];
    for (let picture = 0; picture < count; picture++) {
      const start = (picture * channels + channel) * plane;
      for (let i = start; i < start + plane; i++) {
        const value = data[i] ?? 0;
        sum += value;
        squares += value * value;
      }
    }
    const found = sum / (count * plane);
    const spread = Math.max(squares / (count * plane) - found * found, 1e-12);
    const kept = Math.max(variance[channel] ?? 1, 1e-12);
    const ratio = spread / kept;
    total += 0.5 * (ratio - 1 - Math.log(ratio) + (found - (mean[channel] ?? 0)) ** 2 / kept);
  }
  return total / Math.max(1, channels);
}
