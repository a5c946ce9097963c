/** What detectors do with the gradient by the input: moved pictures, and how far a grey level is from the next for the network. */
import {
  argMax,
  cast,
  div,
  equal,
  expand,
  greaterOrEqual,
  logSumExp,
  mul,
  oneHot,
  reduceSum,
  reshape,
  sub,
  where,
  type Graph,
  type Value,
} from "../graph/index.js";
import { vectorJacobian } from "../autodiff/index.js";
import type { ImagesTap } from "./inputs.js";
import { replay } from "./replay.js";

/** One-hot rows of the called classes, [N, C]; of equal logits the first. */
export function calledClasses(logits: Value): Value {
  return oneHot(argMax(logits, 1), logits.size(1));
}

/**
 * The gradient, by the input, of Σ over images of the cross-entropy of z / T against the called class. Its sign is that of the mean.
 */
export function calledLossGradient({ input }: ImagesTap, logits: Value, temperature: number): Value {
  const scaled = div(logits, temperature);
  const own = reduceSum(mul(scaled, calledClasses(logits)), [1]);
  return gradientOf(sub(logSumExp(scaled, [1], false), own), input);
}

/** The gradient of the sum of [N] numbers by a value; N may be open. */
export function gradientOf(numbers: Value, by: Value): Value {
  const [gradient] = vectorJacobian([numbers], [cast(equal(numbers, numbers), "float32")], [by]);
  return gradient ?? by;
}

/** 1 where a value is at least 0, else -1. */
export function signOf(x: Value): Value {
  return where(greaterOrEqual(x, 0), 1, -1);
}

/**
 * How far the network's input moves from black to white, per channel: 1/std of the normalisation, [1, 3, 1, 1], or as the network takes it.
 * Read off the graph itself by feeding its normalisation both; `null` for a model that is fed with floats, whose pictures have no levels.
 */
export function inputSpan(graph: Graph, { pixels, input }: ImagesTap): Value | null {
  if (pixels === input || pixels.dtype !== "uint8") return null;
  const [, channels = 3] = pixels.dims;
  const at = (level: number): Value => {
    const one = graph.constant({ dtype: "uint8", shape: [1, 1, 1, 1], data: Uint8Array.of(level) });
    const shape = [1, Number(channels), pixels.size(2), pixels.size(3)];
    return replay(new Map([[pixels, expand(one, shape)]]))(input);
  };
  return sub(at(255), at(0));
}

/** 1 at the largest element of every image, [N, ...], else 0. */
export function atLargest(x: Value): Value {
  const [count = 0, ...rest] = x.dims;
  const size = rest.reduce<number>((product, dim) => product * Number(dim), 1);
  const flat = reshape(x, [count, size]);
  return reshape(cast(oneHot(argMax(flat, 1), size), x.dtype), [count, ...rest]);
}
