/**
 * Inner products of row sets on the engine: the one expensive part of boundary sampling. A session is made for one pair
 * of row counts and reused for every class and round; smaller sets are padded with zero rows.
 */
import {
  add,
  cast,
  Graph,
  float32Data,
  float32Tensor,
  matmul,
  mul,
  oalError,
  slice,
  transpose,
  type Engine,
  type Session,
  type Tensor,
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
      return floats(await session.run(feeds), "products");
    },
    release: () => session.release(),
  };
}

/** What a search wants to know of a set of noise: inner products with the first rows of the class and with their mean. */
export interface NoiseMeasures {
  /** As they are, [noise, 2 pairs + 1]; that with the mean is the last. */
  readonly products: Float32Array;
  /** Those with the rows as whole numbers, two in one: that of row j + 2^16 that of row pairs + j, [noise, pairs]. */
  readonly whole: Int32Array;
}

/** Measures sets of noise. */
export interface NoiseMeter {
  /**
   * @param drawn  coordinates, [noise, rank]
   * @param rows  what they are multiplied with, [2 pairs + 1, rank]; products stay below 2^14
   */
  measure(drawn: Float32Array, rows: Float32Array): Promise<NoiseMeasures>;
  release(): Promise<void>;
}

/** Noise vectors of a set, pairs of rows of the class that are looked at first, and the coordinates that they need. */
export interface NoiseSize {
  readonly noise: number;
  readonly pairs: number;
  readonly rank: number;
}

async function noiseMeter(engine: Engine, { noise, pairs, rank }: NoiseSize): Promise<NoiseMeter> {
  const rows = 2 * pairs + 1;
  const graph = new Graph();
  const drawn = graph.input("drawn", { dtype: "float32", shape: [noise, rank] });
  const factor = graph.input("rows", { dtype: "float32", shape: [rows, rank] });
  const products = matmul(drawn, transpose(factor, [1, 0]));
  graph.output("products", products);
  const low = cast(slice(products, [0], [pairs], [1]), "int32");
  const high = cast(slice(products, [pairs], [2 * pairs], [1]), "int32");
  graph.output("whole", add(low, mul(high, 2 ** 16)));
  const session = await engine.compile(graph);
  return {
    measure: async (coordinates, factors) => {
      const results = await session.run({
        drawn: float32Tensor([noise, rank], coordinates),
        rows: float32Tensor([rows, rank], factors),
      });
      const counted = results["whole"]?.data;
      if (!(counted instanceof Int32Array))
        throw oalError("OAL-X101", { problem: "the graph of noise gave no whole numbers" });
      return { products: floats(results, "products"), whole: counted };
    },
    release: () => session.release(),
  };
}

function floats(results: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const tensor = results[name];
  if (!tensor) throw oalError("OAL-X101", { problem: `the graph of boundary sampling gave no ${name}` });
  return float32Data(tensor, name);
}

function padded(data: Float32Array, length: number): Float32Array {
  if (data.length === length) return data;
  const full = new Float32Array(length);
  full.set(data);
  return full;
}

/** Sessions by purpose: one of the same sizes is there already, one of others takes its place. */
export class BoundarySessions {
  readonly #engine: Engine;
  readonly #known = new Map<string, { readonly key: string; readonly session: Releasable }>();
  readonly #products = new Map<string, InnerProducts>();
  readonly #meters = new Map<string, NoiseMeter>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** {@link innerProducts} for a purpose. */
  products(purpose: string, rows: number, columns: number, dimension: number): Promise<InnerProducts> {
    return this.#take(this.#products, purpose, [rows, columns, dimension], () =>
      innerProducts(this.#engine, rows, columns, dimension),
    );
  }

  /** What measures sets of noise. */
  meter(size: NoiseSize): Promise<NoiseMeter> {
    return this.#take(this.#meters, "meter", [size.noise, size.pairs, size.rank], () =>
      noiseMeter(this.#engine, size),
    );
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    for (const { session } of this.#known.values()) await session.release();
    this.#known.clear();
  }

  async #take<T extends Releasable>(
    sessions: Map<string, T>,
    purpose: string,
    sizes: readonly number[],
    make: () => Promise<T>,
  ): Promise<T> {
    const key = sizes.join();
    const [known, session] = [this.#known.get(purpose), sessions.get(purpose)];
    if (known?.key === key && session) return session;
    await session?.release();
    const made = await make();
    this.#known.set(purpose, { key, session: made });
    sessions.set(purpose, made);
    return made;
  }
}

interface Releasable {
  release(): Promise<void>;
}
