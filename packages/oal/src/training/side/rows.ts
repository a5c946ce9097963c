/** Side data that are rows of a table. */
import { float32Tensor, Random, type RowSource } from "oal-core";
import type { SideTensor } from "./sideData.js";

/** A table that a training reads some rows of in every step; it may lie in a file, which is closed with the training. */
export interface Table extends RowSource {
  close?(): void;
}

/** Row vectors with a class each. */
export interface LabelledRows {
  readonly rows: Table;
  readonly labels: Int32Array;
}

/**
 * The row of each image.
 *
 * @param table [images, width], in the order of the training images
 */
export function rowsOfImages(name: string, table: Table, batchSize: number): SideTensor {
  const shape = [batchSize, table.width];
  return {
    name,
    type: { dtype: "float32", shape },
    rows: (_step, indices) => float32Tensor(shape, gatherRows(table, indices)),
    close: () => table.close?.(),
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
export function rowsInPairs(
  name: string,
  { rows: table, labels: classes }: LabelledRows,
  options: Pairing,
): SideTensor {
  const { seed, batchSize, labels, pairing } = options;
  const draws = new Random(seed, "outliers").derive(name);
  const groups = groupByLabel(classes);
  const shape = [batchSize, table.width];
  return {
    name,
    type: { dtype: "float32", shape },
    rows: (step, indices) => {
      const chosen =
        pairing === "random"
          ? distinctRows(draws, step, indices.length, classes.length)
          : Array.from(indices, (index, row) => {
              const group = groups.get(labels[index] ?? -1);
              const draw = draws.integer(step, row, group?.length ?? classes.length);
              return group ? (group[draw] ?? 0) : draw;
            });
      return float32Tensor(shape, gatherRows(table, chosen));
    },
    close: () => table.close?.(),
  };
}

/** How rows are made of the images' own. */
export interface OwnNoise {
  readonly seed: number;
  readonly batchSize: number;
  /** Standard deviation of the noise beside a row of unit length. */
  readonly sigma: number;
  /** Length of what is made. */
  readonly scale: number;
}

/**
 * A row made of each image's own in every step: `scale * v / |v|` with `v = t / |t| + sigma * e`, e standard normal.
 *
 * @param table [images, width], in the order of the training images
 * @source METHOD 9, row 3: the pairing "instance"
 */
export function rowsAroundOwn(name: string, table: Table, options: OwnNoise): SideTensor {
  const { seed, batchSize, sigma, scale } = options;
  const { width } = table;
  const noise = new Random(seed, "outliers").derive(`${name}/own`);
  const shape = [batchSize, width];
  return {
    name,
    type: { dtype: "float32", shape },
    rows: (step, indices) => {
      const made = unitRows(gatherRows(table, indices), width);
      const moved = noise.normals(step, made.length);
      for (let i = 0; i < made.length; i++) made[i] = (made[i] ?? 0) + sigma * (moved[i] ?? 0);
      return float32Tensor(
        shape,
        unitRows(made, width).map((value) => scale * value),
      );
    },
    close: () => table.close?.(),
  };
}

/** Rows divided by their lengths; a row of zeros stays one. */
function unitRows(rows: Float32Array, width: number): Float32Array {
  const unit = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0)
      unit.set(
        row.map((value) => value / length),
        at,
      );
  }
  return unit;
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
export function gatherRows(table: RowSource, indices: ArrayLike<number>): Float32Array {
  const { width } = table;
  const out = new Float32Array(indices.length * width);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] ?? 0;
    out.set(table.read(index, index + 1), row * width);
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
