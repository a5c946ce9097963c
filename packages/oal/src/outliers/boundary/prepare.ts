/** What boundary sampling knows of every class before noise is drawn: its embeddings, how far each lies from the others, its anchors. */
import { refuseForeignLabels } from "../../data/labels.js";
import { bankDistances } from "./distances.js";
import { limitsOf, type BoundaryOptions, type BoundaryWarning, type ClassLimits } from "./options.js";
import type { BoundarySessions } from "./products.js";
import { rankedIndices } from "./selection.js";

/** Embeddings of in-distribution images with their labels. */
export interface EmbeddingBank {
  /** Penultimate features, [count, dimension], of any norm. */
  readonly embeddings: Float32Array;
  readonly dimension: number;
  /** Class of each row, 0..classes-1. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/** A class of the bank. */
export interface PreparedClass {
  readonly label: number;
  readonly limits: ClassLimits;
  /** Rows of the bank that belong to it. */
  readonly members: readonly number[];
  /** K-th distances in the order of `members`, the embedding itself left out. */
  readonly distances: Float32Array;
  /** Places in `members` of what anchors are drawn from, farthest first, and then of all others. */
  readonly order: readonly number[];
}

/** Rows whose inner products with a class are in memory at once. */
const block = 128;

/** Prepares every class. Warnings say what small classes do not allow. */
export async function prepareClasses(
  sessions: BoundarySessions,
  bank: EmbeddingBank,
  unit: Float32Array,
  options: BoundaryOptions,
): Promise<{ prepared: PreparedClass[]; warnings: BoundaryWarning[] }> {
  refuseForeignLabels(bank.labels, bank.classes, (row) => `embedding ${row}`);
  const members = Array.from({ length: bank.classes }, (): number[] => []);
  for (let row = 0; row < bank.labels.length; row++) members[bank.labels[row] ?? -1]?.push(row);
  const limits = members.map((rows, label) => limitsOf(options, label, rows.length));
  const blocks = new BlockProducts(sessions, bank.dimension, Math.max(...members.map((rows) => rows.length)));
  const prepared: PreparedClass[] = [];
  for (const [label, rows] of members.entries()) {
    const limit = limits[label]?.limits;
    if (!limit) continue;
    const own = gatherRows(unit, rows, bank.dimension);
    const distances = new Float32Array(rows.length);
    const published = new Float32Array(options.countSelf ? rows.length : 0);
    await blocks.each(own, own, (part, first, count) => {
      const measure = (selfCounted: boolean): Float32Array =>
        bankDistances(part, rows.length, blocks.stride, limit.k, selfCounted, count, first);
      distances.set(measure(false), first);
      if (options.countSelf) published.set(measure(true), first);
    });
    const ranked = rankedIndices(options.countSelf ? published : distances);
    const chosen = ranked.slice(0, limit.select);
    const isChosen = new Set(chosen);
    const others = rows.map((_, i) => i).filter((i) => !isChosen.has(i));
    prepared.push({ label, limits: limit, members: rows, distances, order: [...chosen, ...others] });
  }
  return { prepared, warnings: limits.flatMap(({ warnings }) => warnings) };
}

/** Some rows of [count, dimension], one after the other. */
export function gatherRows(rows: Float32Array, wanted: readonly number[], dimension: number): Float32Array {
  const gathered = new Float32Array(wanted.length * dimension);
  wanted.forEach((row, i) =>
    gathered.set(rows.subarray(row * dimension, (row + 1) * dimension), i * dimension),
  );
  return gathered;
}

/** Inner products of vectors with those of a class, some at a time. */
export class BlockProducts {
  readonly #sessions: BoundarySessions;
  readonly #dimension: number;
  /** Row length of what is given: the size of the largest class, so that all classes share a session. */
  readonly stride: number;

  constructor(sessions: BoundarySessions, dimension: number, largest: number) {
    this.#sessions = sessions;
    this.#dimension = dimension;
    this.stride = largest;
  }

  /** Gives the products of `left` with the rows of `right` in parts [count, stride] that begin at row `first`. */
  async each(
    left: Float32Array,
    right: Float32Array,
    take: (part: Float32Array, first: number, count: number) => void,
  ): Promise<void> {
    const dimension = this.#dimension;
    const count = left.length / dimension;
    const products = await this.#sessions.products("block", block, this.stride, dimension);
    for (let first = 0; first < count; first += block) {
      const end = Math.min(count, first + block);
      const part = await products.compute(left.subarray(first * dimension, end * dimension), right);
      take(part, first, end - first);
    }
  }
}
