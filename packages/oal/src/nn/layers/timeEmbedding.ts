/** Vectors for time. */
import {
  concat,
  cos,
  float32Tensor,
  mul,
  oalError,
  reshape,
  sin,
  type Value,
  expectArguments,
  kinds,
} from "oal-core";
import { aValue } from "../arguments.js";

/**
 * Sinusoidal embedding of time: [sin(t f_0), ..., sin(t f_(h-1)), cos(t f_0), ...], f_i = period^(-i / h), h = width / 2.
 *
 * @param time float32 [N], in steps
 * @param width even number of components
 * @param period longest wavelength is 2 pi times this; default 10000
 * @returns float32 [N, width]
 * @source Vaswani et al. 2017, section 3.5, in the order of Ho et al. 2020's code
 */
export function timeEmbedding(time: Value, width: number, period = 10000): Value {
  expectArguments("timeEmbedding", {
    time: [time, aValue],
    width: [width, kinds.positiveCount],
    period: [period, kinds.finite],
  });
  const half = width / 2;
  if (!Number.isInteger(half) || time.rank !== 1) {
    throw oalError("OAL-G101", {
      operator: "time embedding",
      path: time.graph.path,
      problem: `needs an even width and rank 1, found ${width} and rank ${time.rank}`,
    });
  }
  const frequencies = float32Tensor(
    [1, half],
    Float32Array.from({ length: half }, (_, i) => period ** (-i / half)),
  );
  const angles = mul(reshape(time, [time.shape[0] ?? 1, 1]), time.graph.constant(frequencies));
  return concat([sin(angles), cos(angles)], 1);
}
