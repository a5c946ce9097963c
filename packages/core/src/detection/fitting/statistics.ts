/** What fits gather from streams: means, scatters and collected rows, summed in float64 in list order; batches change no more than rounding. */
import { oalError } from "../../errors/index.js";
import type { Tensor } from "../../graph/index.js";
import { quantileOf } from "../../metrics/quantile.js";
import type { FitBatch, FitRows, FitStreams, StreamTap } from "../fit.js";
import type { Table } from "./table.js";

/** A row of a batch, or of a table. */
export type RowVisitor<Name extends string> = (batch: FitBatch<Name>, row: number) => void;

/** Visits every image of a stream in list order. */
export async function eachImage<Name extends StreamTap>(
  streams: FitStreams<Name>,
  visit: RowVisitor<Name>,
): Promise<void> {
  for await (const batch of streams.batches()) for (let i = 0; i < batch.count; i++) visit(batch, i);
}

/** Row `i` of a tap's values on a batch; valid until the next batch. */
export function rowOf({ shape, data }: FitRows, i: number): Float32Array {
  const width = data.length / Math.max(1, shape[0] ?? 0);
  return data.subarray(i * width, (i + 1) * width);
}

/** The position of the first largest element. */
export function firstLargest(row: ArrayLike<number>): number {
  let best = 0;
  for (let j = 1; j < row.length; j++) if ((row[j] ?? 0) > (row[best] ?? 0)) best = j;
  return best;
}

/** Softmax of a row in float32, as the graph computes it. */
export function softmaxRow(row: Float32Array): Float32Array {
  const largest = row[firstLargest(row)] ?? 0;
  const out = new Float32Array(row.length);
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    const e = Math.exp((row[j] ?? 0) - largest);
    out[j] = e;
    sum += e;
  }
  for (let j = 0; j < row.length; j++) out[j] = (out[j] ?? 0) / sum;
  return out;
}

/** log Σ exp of a row. */
export function logSumExpRow(row: Float32Array): number {
  const largest = row[firstLargest(row)] ?? 0;
  let sum = 0;
  for (const z of row) sum += Math.exp(z - largest);
  return largest + Math.log(sum);
}

/** All rows of a tap, copied: float32 [count, width], flat. */
export async function collect<Name extends StreamTap>(
  streams: FitStreams<Name>,
  name: Name,
): Promise<{ readonly width: number; readonly data: Float32Array; readonly labels: Int32Array }> {
  let data = new Float32Array(0);
  let width = 0;
  let at = 0;
  const labels = new Int32Array(streams.count);
  for await (const batch of streams.batches()) {
    const rows = batch.taps[name];
    width = rows.data.length / Math.max(1, batch.count);
    if (data.length === 0) data = new Float32Array(streams.count * width);
    data.set(rows.data, at * width);
    labels.set(batch.labels.subarray(0, batch.count), at);
    at += batch.count;
  }
  return { width, data, labels };
}

/** Sums of rows by group, and how many each has. */
export class GroupSums {
  readonly groups: number;
  readonly counts: Int32Array;
  sums: Float64Array = new Float64Array(0);
  width = 0;

  constructor(groups: number) {
    this.groups = groups;
    this.counts = new Int32Array(groups);
  }

  add(group: number, row: ArrayLike<number>): void {
    if (this.width === 0) {
      this.width = row.length;
      this.sums = new Float64Array(this.groups * row.length);
    }
    this.counts[group] = (this.counts[group] ?? 0) + 1;
    const from = group * this.width;
    for (let j = 0; j < row.length; j++) this.sums[from + j] = (this.sums[from + j] ?? 0) + (row[j] ?? 0);
  }

  /**
   * Means by group, rounded to float32 as the field's fits keep them.
   *
   * @param what  what a group without rows lacks, for its message
   * @throws OAL-E290 naming the first class that has none
   */
  means(detector: string, what: string): Float32Array {
    const missing = this.counts.indexOf(0);
    if (missing >= 0) throw oalError("OAL-E290", { detector, category: missing, what });
    return Float32Array.from(this.sums, (sum, i) => sum / (this.counts[Math.floor(i / this.width)] ?? 1));
  }
}

/** Mean feature of every class, float32 [C, d]. @throws OAL-E290 for a class without images */
export async function classMeans(detector: string, streams: FitStreams<"features">): Promise<GroupSums> {
  const sums = new GroupSums(streams.classes);
  await eachImage(streams, ({ labels, taps: { features } }, i) => {
    sums.add(labels[i] ?? 0, rowOf(features, i));
  });
  sums.means(detector, "images");
  return sums;
}

/** Mean of all rows of a tap, float64 [d]. */
export async function meanRow<Name extends StreamTap>(
  streams: FitStreams<Name>,
  name: Name,
): Promise<Float64Array> {
  const sums = new GroupSums(1);
  await eachImage(streams, ({ taps }, i) => sums.add(0, rowOf(taps[name], i)));
  return sums.sums.map((sum) => sum / Math.max(1, sums.counts[0] ?? 1));
}

/**
 * The second moments M = (1/N) Σ r_i r_i^T of rows: as the matrix, or, where there are fewer rows than columns, as the rows themselves
 * over √N, whose N x N products have the same eigenvalues at a fraction of the cost.
 */
export interface Spread {
  readonly width: number;
  readonly form: "matrix" | "rows";
  /** [width, width], or [N, width] */
  readonly table: Table;
}

/** How rows become those of a spread. */
export interface SpreadOptions {
  /** What is subtracted from an image's features, by its label; float32 or float64 [d]. */
  readonly centre: (label: number) => ArrayLike<number>;
  /** Whether the mean of what is left is subtracted as well. */
  readonly centred: boolean;
  /** What each column is divided by, [d]; default 1. */
  readonly scale?: ArrayLike<number>;
}

/**
 * The spread of a stream's features, in float64: sums of the products of blocks of rows, in the order of the list.
 */
export async function spreadOf(
  streams: FitStreams<"features">,
  { centre, centred, scale }: SpreadOptions,
): Promise<Spread> {
  const few = (width: number): boolean => streams.count < width;
  let total = new Float64Array(0);
  let sums = new Float64Array(0);
  let rows: Table = { count: 0, width: 0, data: new Float64Array(0) };
  let count = 0;
  for await (const batch of streams.batches()) {
    const { labels, taps, count: images } = batch;
    const width = taps.features.data.length / Math.max(1, images);
    if (count === 0) {
      total = new Float64Array(width);
      sums = new Float64Array(few(width) ? 0 : width ** 2);
      rows = { count: 0, width, data: new Float64Array(few(width) ? streams.count * width : 0) };
    }
    const kept = few(width) ? count : 0;
    const needed = (kept + images) * width;
    if (rows.data.length < needed) rows = { ...rows, data: new Float64Array(needed) };
    for (let i = 0; i < images; i++)
      moveRow(rowOf(taps.features, i), rows.data, (kept + i) * width, total, centre(labels[i] ?? 0), scale);
    count += images;
    rows = { ...rows, count: kept + images };
    if (few(width)) continue;
    const { data } = await streams.algebra.moments({ ...rows, data: rows.data.subarray(0, images * width) });
    for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] ?? 0) + (data[k] ?? 0);
  }
  const width = total.length;
  const mean = total.map((sum) => (centred ? sum / count : 0));
  if (few(width)) {
    const data = rows.data.map((x, k) => (x - (mean[k % width] ?? 0)) / Math.sqrt(count));
    return { width, form: "rows", table: { count, width, data } };
  }
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) {
      const value = (sums[j * width + k] ?? 0) / count - (mean[j] ?? 0) * (mean[k] ?? 0);
      sums[j * width + k] = value;
      sums[k * width + j] = value;
    }
  return { width, form: "matrix", table: { count: width, width, data: sums } };
}

/** Writes (row - centre) / scale at a place of `out`, and adds it to the total. */
function moveRow(
  row: Float32Array,
  out: Float64Array,
  at: number,
  total: Float64Array,
  centre: ArrayLike<number>,
  scale: ArrayLike<number> | undefined,
): void {
  for (let j = 0; j < row.length; j++) {
    const moved = ((row[j] ?? 0) - (centre[j] ?? 0)) / (scale ? (scale[j] ?? 1) : 1);
    out[at + j] = moved;
    total[j] = (total[j] ?? 0) + moved;
  }
}

/** A percentile, q in [0, 100], of sorted values; see {@link quantileOf}. */
export function percentile(sorted: ArrayLike<number>, q: number): number {
  return quantileOf(sorted, q / 100);
}

/** A float32 tensor of numbers. */
export function floats(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { dtype: "float32", shape, data: Float32Array.from(values) };
}
