/**
 * Optional global rejection of boundary candidates (METHOD 3.3): an outlier of one class may fall inside another. A
 * candidate is dropped when its nearest embedding over all classes is closer than the median K-th distance of that
 * embedding's class; the next best takes its place.
 */
import type { Engine } from "oal-core";
import { innerProducts, type InnerProducts } from "./products.js";

/** Candidates looked at per call of the engine. */
const chunk = 16;

/** Decides over candidates against the bank of all classes. */
export class GlobalRejection {
  /** Candidates dropped so far. */
  rejected = 0;
  readonly #bank: Float32Array;
  readonly #labels: ArrayLike<number>;
  readonly #dimension: number;
  readonly #medians: readonly number[];
  readonly #products: InnerProducts;

  private constructor(
    bank: Float32Array,
    labels: ArrayLike<number>,
    dimension: number,
    medians: readonly number[],
    products: InnerProducts,
  ) {
    this.#bank = bank;
    this.#labels = labels;
    this.#dimension = dimension;
    this.#medians = medians;
    this.#products = products;
  }

  /**
   * @param bank  unit embeddings of all classes, [count, dimension]
   * @param labels  class of each row
   * @param medians  per class, the median squared K-th distance of its embeddings
   */
  static async create(
    engine: Engine,
    bank: Float32Array,
    labels: ArrayLike<number>,
    dimension: number,
    medians: readonly number[],
  ): Promise<GlobalRejection> {
    const products = await innerProducts(engine, chunk, labels.length, dimension);
    return new GlobalRejection(bank, labels, dimension, medians, products);
  }

  /**
   * The first `keep` of `best` that are not rejected; fewer when they run out.
   *
   * @param best  candidate indices, best first
   * @param form  makes the unit vectors of some candidates, [indices, dimension]
   */
  async take(
    best: readonly number[],
    keep: number,
    form: (indices: readonly number[]) => Promise<Float32Array>,
  ): Promise<{ index: number; candidate: Float32Array }[]> {
    const taken: { index: number; candidate: Float32Array }[] = [];
    for (let start = 0; start < best.length && taken.length < keep; start += chunk) {
      const indices = best.slice(start, start + chunk);
      const rows = await form(indices);
      const formed = indices.map((index, i) => ({
        index,
        candidate: rows.subarray(i * this.#dimension, (i + 1) * this.#dimension),
      }));
      const products = await this.#products.compute(rows, this.#bank);
      for (const [i, one] of formed.entries()) {
        if (taken.length === keep) break;
        if (this.#accepts(products.subarray(i * this.#products.columns, (i + 1) * this.#products.columns)))
          taken.push(one);
        else this.rejected++;
      }
    }
    return taken;
  }

  /** Frees the engine's memory. */
  release(): Promise<void> {
    return this.#products.release();
  }

  #accepts(products: Float32Array): boolean {
    let nearest = 0;
    for (let j = 1; j < products.length; j++) if ((products[j] ?? 0) > (products[nearest] ?? 0)) nearest = j;
    return 2 - 2 * (products[nearest] ?? 0) >= (this.#medians[this.#labels[nearest] ?? 0] ?? 0);
  }
}
