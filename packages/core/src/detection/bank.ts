/**
 * A bank: rows of training images that every scored image is compared with. A detector says what a row is, what one block of
 * rows says of an image, and how two blocks' answers become one. So the same detector runs with its bank inside one graph, or
 * over blocks read from files when the bank is larger than memory.
 */
import { oalError } from "../errors/index.js";
import type { Graph, Value } from "../graph/index.js";
import type { FitBatch, FitRows, FitSet, StreamTap } from "./fit.js";
import { allRows, type RowSource } from "./rows.js";

/** Bank rows compared at once: bounds the [N, rows] matrix of distances. */
export const bankBlock = 8192;

/** Bytes up to which a bank may be constants of a graph, and so of an exported file. */
export const largestBankInGraph = 200 * 2 ** 20;

/** What becomes of one batch of a stream. */
export interface BankBatch<Name extends string> extends FitBatch<Name> {
  /** Position of its first image in the set. */
  readonly start: number;
  /** Images of the set. */
  readonly total: number;
}

/** A detector's bank as its author writes it; `Inputs` are the detector's taps and fitted tensors. */
export interface BankDefinition<Schema, Inputs, Needs extends StreamTap> {
  /** The set its rows come from, by the parameters where a variant uses another. */
  readonly on: FitSet | ((parameters: Schema) => FitSet);
  /** The taps that its rows are made of. */
  readonly needs: readonly Needs[];
  /** The rows [n, width] of a batch, n at most the batch's count: images that it does not hold are left out. */
  readonly rows: (batch: BankBatch<Needs>, parameters: Schema) => FitRows;
  /** Which images of a set of `total` enter the bank, by position. Default: all. */
  readonly holds?: (total: number, parameters: Schema) => (image: number) => boolean;
  /** Throws where a bank of `count` rows is too small for the parameters. */
  readonly check?: (count: number, parameters: Schema) => void;
  /** Parameters for a bank of which only a share was drawn: a rank among its rows shrinks with it. */
  readonly sampled?: (parameters: Schema, share: number) => Partial<Schema>;
  /** What a block of rows, float32 [m, width], says of a batch: float32 [N, p]. */
  readonly partial: (graph: Graph, inputs: Inputs, rows: Value, parameters: Schema) => Value;
  /** The answers of several blocks side by side, float32 [N, p1 + p2 + ...], as one. How they are grouped must not matter. */
  readonly merge: (graph: Graph, partials: Value, parameters: Schema) => Value;
  /** The confidence [N] from the answer of the whole bank. */
  readonly score: (graph: Graph, inputs: Inputs, compared: Value, parameters: Schema) => Value;
}

/**
 * A detector's bank as a constant of a graph, float32 [rows, width].
 *
 * @throws OAL-E242 for one that is too large for a graph
 */
export function bankConstant(graph: Graph, id: string, bank: RowSource): Value {
  const { count, width } = bank;
  const bytes = 4 * count * width;
  if (bytes > largestBankInGraph)
    throw oalError("OAL-E242", { detector: id, bytes, largest: largestBankInGraph });
  return graph.constant({ dtype: "float32", shape: [count, width], data: allRows(bank) }, `${id}.bank`);
}
