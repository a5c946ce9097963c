/** Where the numbers inside a network lie, seen on pictures. */
import { float32Data, Graph, inline, type Engine, type Tensor, type Value } from "oal-core";
import type { Range } from "./quantised.js";

/** Numbers of one value inside a network. */
export interface SeenNumbers {
  readonly low: number;
  readonly high: number;
  /** Some of them, ascending. */
  readonly sample: Float32Array;
  /** Their mean in each channel: along axis 1 of maps [N, C, h, w], along the last axis of everything else. */
  readonly means: Float64Array;
}

/** How a range is chosen from what was seen. */
export type RangeChoice = "everything" | "percentile" | "leastError";

/** Every choice, the plainest first. */
export const rangeChoices: readonly RangeChoice[] = ["everything", "percentile", "leastError"];

/** Numbers that are kept of one value of one batch of pictures. */
const keptOfBatch = 2048;

/**
 * Runs a graph on pictures and looks at values inside it.
 *
 * @param values float32 values of the graph
 * @param feeds batches of the graph's inputs
 */
export async function seenNumbers(
  graph: Graph,
  values: readonly Value[],
  feeds: readonly Readonly<Record<string, Tensor>>[],
  engine: Engine,
): Promise<ReadonlyMap<Value, SeenNumbers>> {
  const probe = new Graph();
  const inputs = graph.inputs.map((input) => [input, probe.input(input.name, input.type)] as const);
  values.forEach((_, index) => probe.reserveOutput(`seen.${index}`));
  const copies = inline(probe, graph, new Map(inputs), { wanted: values });
  values.forEach((value, index) => {
    const copy = copies.get(value);
    if (copy) probe.output(`seen.${index}`, copy);
  });
  const session = await engine.compile(probe);
  const found = values.map(() => new Looked());
  try {
    for (const feed of feeds) {
      const outputs = await session.run(feed);
      found.forEach((seen, index) => {
        const tensor = outputs[`seen.${index}`];
        if (tensor) seen.look(tensor);
      });
    }
  } finally {
    await session.release();
  }
  return new Map(
    values.flatMap((value, index): [Value, SeenNumbers][] => {
      const seen = found[index];
      return seen ? [[value, seen.numbers()]] : [];
    }),
  );
}

/** What is gathered of one value. */
class Looked {
  #low = Infinity;
  #high = -Infinity;
  readonly #sample: number[] = [];
  #sums = new Float64Array(0);
  #count = 0;

  look(tensor: Tensor): void {
    const { shape } = tensor;
    const data = float32Data(tensor);
    const channels = (shape.length === 4 ? shape[1] : shape.at(-1)) ?? 1;
    const behind = shape.length === 4 ? (shape[2] ?? 1) * (shape[3] ?? 1) : 1;
    if (this.#sums.length === 0) this.#sums = new Float64Array(channels);
    let [low, high] = [this.#low, this.#high];
    for (let start = 0; start < data.length; start += behind) {
      let sum = 0;
      for (let i = start; i < start + behind; i++) {
        const value = data[i] ?? 0;
        if (value < low) low = value;
        if (value > high) high = value;
        sum += value;
      }
      const channel = (start / behind) % channels;
      this.#sums[channel] = (this.#sums[channel] ?? 0) + sum;
    }
    [this.#low, this.#high] = [low, high];
    this.#count += data.length / channels;
    // An odd stride meets every column of a map of even width.
    const stride = Math.floor(data.length / keptOfBatch / 2) * 2 + 1;
    for (let i = 0; i < data.length; i += stride) this.#sample.push(data[i] ?? 0);
  }

  numbers(): SeenNumbers {
    return {
      low: this.#low,
      high: this.#high,
      sample: Float32Array.from(this.#sample).sort(),
      means: this.#sums.map((sum) => sum / Math.max(1, this.#count)),
    };
  }
}

/** The range of a value. */
export function rangeOf({ low, high, sample }: Omit<SeenNumbers, "means">, choice: RangeChoice): Range {
  if (choice === "everything" || sample.length === 0) return { low, high };
  if (choice === "percentile") {
    const at = (share: number): number => sample[Math.round(share * (sample.length - 1))] ?? 0;
    return { low: Math.min(0, at(0.0001)), high: Math.max(0, at(0.9999)) };
  }
  return leastError({ low, high }, sample);
}

/** The part of the range, cut evenly at both ends, whose steps of 8 bits give the numbers back with the least squared error. */
function leastError({ low, high }: Range, sample: Float32Array): Range {
  let best = { low, high };
  let least = Infinity;
  for (let share = 1; share >= 0.3; share -= 0.05) {
    const range = { low: low * share, high: high * share };
    const error = squaredError(range, sample);
    if (error >= least) continue;
    least = error;
    best = range;
  }
  return best;
}

function squaredError({ low, high }: Range, sample: Float32Array): number {
  const [from, to] = [Math.min(0, low), Math.max(0, high)];
  const step = Math.max(to - from, 1e-6) / 255;
  let sum = 0;
  for (const value of sample) {
    const near = from + step * Math.round((Math.min(to, Math.max(from, value)) - from) / step);
    sum += (value - near) ** 2;
  }
  return sum;
}
