/**
 * Inner products of row sets on the engine: the one expensive part of boundary sampling. A session is made for one pair
 * of row counts and reused for every class and round; smaller sets are padded with zero rows.
 */
import {
  Graph,
  float32Data,
  float32Tensor,
  matmul,
  oalError,
  transpose,
  type Engine,
  type Session,
} from "oal-core";

/** Computes A Bᵀ for row sets of at most the declared sizes. */
export interface InnerProducts {
  /** Row stride of the result. */
  readonly columns: number;
  /**
   * @param left  [rows, dimension], at most the declared rows
   * @param right  [columns, dimension], at most the declared columns
   * @returns float32 [declared rows, declared columns]; entries of padded rows are 0
   */
  compute(left: Float32Array, right: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Prepares inner products of up to `rows` by up to `columns` vectors of `dimension` numbers. */
export async function innerProducts(
  engine: Engine,
  rows: number,
  columns: number,
  dimension: number,
): Promise<InnerProducts> {
  const graph = new Graph();
  const left = graph.input("left", { dtype: "float32", shape: [rows, dimension] });
  const right = graph.input("right", { dtype: "float32", shape: [columns, dimension] });
  graph.output("products", matmul(left, transpose(right, [1, 0])));
  const session: Session = await engine.compile(graph);
  return {
    columns,
    compute: async (a, b) => {
      const feeds = {
        left: float32Tensor([rows, dimension], padded(a, rows * dimension)),
        right: float32Tensor([columns, dimension], padded(b, columns * dimension)),
      };
      const { products } = await session.run(feeds);
      if (!products) throw oalError("OAL-X101", { problem: "the inner product graph gave no products" });
      return float32Data(products, "products");
    },
    release: () => session.release(),
  };
}

function padded(data: Float32Array, length: number): Float32Array {
  if (data.length === length) return data;
  const full = new Float32Array(length);
  full.set(data);
  return full;
}
