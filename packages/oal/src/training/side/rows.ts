/** Side data that are rows of a table. */
import { float32Tensor, Random } from "oal-core";
import type { SideTensor } from "./sideData.js";

/** Row vectors with a class each: row i is values[i * width .. (i + 1) * width]. */
export interface LabelledRows {
  readonly width: number;
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

/**
 * The row of each image.
 *
 * @param values [images, width], in the order of the training images
 */
export function rowsOfImages(
  name: string,
  values: Float32Array,
  width: number,
  batchSize: number,
): SideTensor {
  const shape = [batchSize, width];
  return {
    name,
    type: { dtype: "float32", shape },
    rows: (_step, indices) => float32Tensor(shape, gatherRows(values, width, indices)),
  };
}

/** How rows are drawn for images. */
export interface Pairing {
  readonly seed: number;
  readonly batchSize: number;
  /** Labels of the training images. */
  readonly labels: ArrayLike<number>;
  /** Whether a row is drawn from the image's class or from all. */
  readonly pairing: "class" | "random";
}

/**
 * A row drawn anew for each image in every step: from its class, or from all, and then no row twice in a step as long as there are enough.
 */
export function rowsInPairs(name: string, table: LabelledRows, options: Pairing): SideTensor {
  const { seed, batchSize, labels, pairing } = options;
  const draws = new Random(seed, "outliers").derive(name);
  const groups = groupByLabel(table.labels);
  const shape = [batchSize, table.width];
  return {
    name,
    type: { dtype: "float32", shape },
    rows: (step, indices) => {
      const chosen =
        pairing === "random"
          ? distinctRows(draws, step, indices.length, table.labels.length)
          : Array.from(indices, (index, row) => {
              const group = groups.get(labels[index] ?? -1);
              const draw = draws.integer(step, row, group?.length ?? table.labels.length);
              return group ? (group[draw] ?? 0) : draw;
            });
      return float32Tensor(shape, gatherRows(table.values, table.width, chosen));
    },
  };
}

/** `wanted` rows of `count`, in random order, each once as long as there are enough. */
function distinctRows(draws: Random, step: number, wanted: number, count: number): number[] {
  const rows: number[] = [];
  let seen = new Set<number>();
  for (let draw = 0; rows.length < wanted; draw++) {
    if (seen.size === count) seen = new Set();
    const row = draws.integer(step, draw, count);
    if (seen.has(row)) continue;
    seen.add(row);
    rows.push(row);
  }
  return rows;
}

/** Copies rows of a table. */
export function gatherRows(values: Float32Array, width: number, indices: ArrayLike<number>): Float32Array {
  const out = new Float32Array(indices.length * width);
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] ?? 0) * width;
    out.set(values.subarray(start, start + width), row * width);
  }
  return out;
}

function groupByLabel(labels: Int32Array): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const group = groups.get(label);
    if (group) group.push(row);
    else groups.set(label, [row]);
  });
  return groups;
}
