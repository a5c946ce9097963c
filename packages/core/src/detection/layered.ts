/** Numbers of several layers side by side: what a fit reads of every image says itself which layer a column belongs to. */
import { add, concat, mul, slice, type Value } from "../graph/index.js";
import { floats } from "./fitting/statistics.js";

/**
 * Layers side by side behind a header, [N, 1 + layers + Σ width]: the number of layers, and the columns of each.
 *
 * @param layers  float32 [N, width]
 */
export function withHeader(layers: readonly Value[], name: string): Value {
  const numbers = [layers.length, ...layers.map((layer) => layer.size(1))];
  const all = concat(layers, 1);
  const header = all.graph.constant(floats([1, numbers.length], numbers), `${name}.header`);
  return concat([add(mul(slice(all, [0], [1], [1]), 0), header), all], 1);
}

/** The layer of each column after the header. */
export function readHeader(row: Float32Array): number[] {
  const [count = 0, ...rest] = row;
  return rest.slice(0, count).flatMap((columns, layer) => Array.from({ length: columns }, () => layer));
}
