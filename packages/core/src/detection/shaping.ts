/** Graphs that several detectors share: the largest features of a row, and energies. */
import {
  argMax,
  cast,
  gather,
  less,
  logSumExp,
  mul,
  reduceMax,
  reduceSum,
  sqrt,
  sub,
  topK,
  type Value,
} from "../graph/index.js";
import type { Head } from "../classifier/taps.js";

/** log Σ_c exp(z_c) of logits [N, C]: [N]. */
export function energyOf(logits: Value): Value {
  return logSumExp(logits, [1], false);
}

/** The energy of the last layer on shaped features. */
export function headEnergy(head: Head, features: Value): Value {
  return energyOf(head.apply(features));
}

/** The number of elements that stay above a percentile: n - round(n q / 100), halves to even, as numpy rounds. */
export function keptAbove(count: number, q: number): number {
  return Math.min(count, Math.max(1, count - roundHalfToEven((count * q) / 100)));
}

function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** Sum of the `count` largest elements of each row: [N, 1]. */
export function largestSum(x: Value, count: number): Value {
  return reduceSum(topK(x, count, { axis: 1 }).values, [1], true);
}

/**
 * 1 where an element is among the `count` largest of its row, 0 elsewhere; of equal ones the earlier are taken. The place of an element
 * is found by sorting the order itself, which costs two sorts and no product with one-hot rows.
 */
export function largestMask(x: Value, count: number): Value {
  const size = x.size(1);
  const order = cast(topK(x, size, { axis: 1 }).indices, "float32");
  const place = cast(topK(order, size, { axis: 1, largest: false }).indices, "float32");
  return cast(less(place, count), "float32");
}

/** The row of a table [C, d] that belongs to the class each image is called: [N, d]. */
export function ofPredictedClass(table: Value, logits: Value): Value {
  return gather(table, argMax(logits, 1), 0);
}

/** Euclidean norm of each row: [N] or, kept, [N, 1]. */
export function rowNorm(x: Value, keepDims = false): Value {
  return sqrt(reduceSum(mul(x, x), [1], keepDims));
}

/**
 * Logits [N, C] with the largest at 0. Logarithms of probabilities then keep their digits near 0, where a sure picture has its score: of
 * logits of 20, log softmax in float32 is off by 1e-6.
 */
export function fromLargest(logits: Value): Value {
  return sub(logits, reduceMax(logits, [1], true));
}
