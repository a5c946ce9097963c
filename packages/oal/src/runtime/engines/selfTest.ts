/** A small computation with a known result: a convolution, a matrix product, sums and comparisons of whole numbers. */
import {
  conv2d,
  float32Tensor,
  Graph,
  matmul,
  mul,
  reduceSum,
  relu,
  reshape,
  sub,
  toNumbers,
  transpose,
  type Engine,
} from "oal-core";

/** x = 0..15 as a 4 x 4 image; sums over 3 x 3 neighbourhoods; products of its rows, less 5,000, where positive; sums of these. */
const expected: readonly number[] = [131, 7236, 17975, 12932];

/**
 * Computes on an engine what is known before.
 *
 * @returns null when the result is right, else what is wrong
 */
export async function selfTest(engine: Engine): Promise<string | null> {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [1, 1, 4, 4] });
  const ones = graph.constant(float32Tensor([1, 1, 3, 3], new Float32Array(9).fill(1)));
  const sums = reshape(conv2d(x, ones, null, { pads: [1, 1, 1, 1] }), [4, 4]);
  const products = matmul(sums, transpose(sums, [1, 0]));
  graph.output("result", reduceSum(relu(mul(sub(products, 5000), 0.5)), [1]));
  const numbers = Array.from({ length: 16 }, (_, i) => i);
  const session = await engine.compile(graph);
  try {
    const { result } = await session.run({ x: float32Tensor(x.shape, numbers) });
    const found = result ? toNumbers(result) : [];
    const right = found.length === expected.length && found.every((value, i) => value === expected[i]);
    return right ? null : `it computed ${found.join(", ") || "nothing"} instead of ${expected.join(", ")}`;
  } finally {
    await session.release();
  }
}
