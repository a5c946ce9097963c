/** What a model says of pictures: features and logits, computed in small batches while the next pictures are decoded, and kept by content. */
import { createHash } from "node:crypto";
import {
  exposeTaps,
  float32Data,
  oalError,
  uint8Tensor,
  type Engine,
  type Session,
  type TapName,
} from "oal-core";
import type { Skipped } from "../data/badImages.js";
import type { LoadedModel } from "../models/load.js";
import { FeatureCache } from "./featureCache.js";
import { planesOf, readAll, type FitPicture, type FoundSource } from "./pictures.js";

/** Pictures that the model is run on at once: 8 take 60 MB more of MobileNetV2 and save a tenth of the time. */
const batchSize = 4;

/** The values that are kept of a picture. */
export type KeptTap = Exclude<TapName, "head" | "images" | "maps" | `maps.${string}` | `heads.${string}`>;

/** How outputs are computed. */
export interface OutputOptions {
  /** Folder that caches are kept in. */
  readonly cache: string;
  readonly signal?: AbortSignal | undefined;
  /** Told the pictures done, and all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What was found of a source. */
export interface ReadPictures {
  /** Those that could be read, copies included, in the order of reading. */
  readonly pictures: readonly FitPicture[];
  readonly unreadable: readonly Skipped[];
}

/** A model ready to say something of pictures. */
export class OutputReader {
  readonly #model: LoadedModel;
  readonly #taps: readonly KeptTap[];
  readonly #session: Session;
  readonly #widths: readonly number[];
  readonly #cache: FeatureCache;
  readonly #rows = new Map<string, Float32Array>();
  readonly #options: OutputOptions;
  #computed = 0;

  private constructor(
    model: LoadedModel,
    taps: readonly KeptTap[],
    session: Session,
    widths: readonly number[],
    options: OutputOptions,
  ) {
    this.#model = model;
    this.#taps = taps;
    this.#session = session;
    this.#widths = widths;
    this.#options = options;
    const width = widths.reduce((sum, own) => sum + own, 0);
    this.#cache = new FeatureCache(options.cache, cacheKey(model, taps), width);
  }

  /**
   * Prepares a model.
   *
   * @param taps  what to keep of every picture; the model shows them
   */
  static async open(
    engine: Engine,
    model: LoadedModel,
    taps: readonly KeptTap[],
    options: OutputOptions,
  ): Promise<OutputReader> {
    const graph = exposeTaps(model.classifier(), taps);
    const widths = taps.map((tap) => {
      const width = graph.outputs.get(tap)?.dims[1];
      if (typeof width === "number") return width;
      throw oalError("OAL-E251", { tap });
    });
    return new OutputReader(model, taps, await engine.compile(graph), widths, options);
  }

  /** Pictures that the model was run on, those of the cache not counted. */
  get computed(): number {
    return this.#computed;
  }

  /** Why the cache takes nothing; undefined when it does. */
  get cacheRefusal(): string | undefined {
    return this.#cache.refusal;
  }

  /** Reads the pictures of a source and computes what is not yet known of them. What was computed stays, however it ends. */
  async read(found: FoundSource): Promise<ReadPictures> {
    const { signal, onProgress } = this.#options;
    const total = found.sources.reduce((sum, { source }) => sum + source.ids.length, 0);
    const unreadable: Skipped[] = [];
    const pictures: FitPicture[] = [];
    const batch = new Batch((hashes, planes) => this.#compute(hashes, planes));
    try {
      for await (const { item, ...picture } of readAll(found, unreadable)) {
        signal?.throwIfAborted();
        onProgress?.(pictures.length + unreadable.length, total);
        if (!this.#knows(picture.hash) && !batch.has(picture.hash)) {
          const planes = await planesOf(item, this.#model.preprocessing);
          if (!(planes instanceof Uint8Array)) {
            unreadable.push(planes);
            continue;
          }
          await batch.add(picture.hash, planes);
        }
        pictures.push(picture);
      }
      await batch.finish();
    } finally {
      await batch.settle();
      await this.#cache.flush();
    }
    return { pictures, unreadable };
  }

  /** Computes what is not yet known of pictures that are there as planes. */
  async readPlanes(
    pictures: readonly { readonly hash: string; readonly planes: Uint8Array }[],
  ): Promise<void> {
    const batch = new Batch((hashes, planes) => this.#compute(hashes, planes));
    try {
      for (const { hash, planes } of pictures) if (!this.#knows(hash)) await batch.add(hash, planes);
      await batch.finish();
    } finally {
      await batch.settle();
      await this.#cache.flush();
    }
  }

  /** A tap's values of pictures that were read, flat [n, width]. */
  rowsOf(tap: KeptTap, hashes: readonly string[]): { readonly data: Float32Array; readonly width: number } {
    const which = this.#taps.indexOf(tap);
    const width = this.#widths[which] ?? 0;
    const offset = this.#widths.slice(0, which).reduce((sum, own) => sum + own, 0);
    const data = new Float32Array(hashes.length * width);
    hashes.forEach((hash, i) => {
      const row = this.#rows.get(hash);
      if (!row) throw oalError("OAL-X101", { problem: "a picture without outputs" });
      data.set(row.subarray(offset, offset + width), i * width);
    });
    return { data, width };
  }

  /** Frees the engine's memory; rows that were read stay. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  #knows(hash: string): boolean {
    if (this.#rows.has(hash)) return true;
    const row = this.#cache.get(hash);
    if (row) this.#rows.set(hash, row);
    return row !== undefined;
  }

  async #compute(hashes: readonly string[], planes: Uint8Array): Promise<void> {
    const { crop } = this.#model.preprocessing;
    const count = hashes.length;
    const outputs = await this.#session.run({ images: uint8Tensor([count, 3, crop, crop], planes) });
    const parts = this.#taps.map((tap) => {
      const tensor = outputs[tap];
      if (!tensor) throw oalError("OAL-X101", { problem: `the model gave no ${tap}` });
      return float32Data(tensor);
    });
    for (const [i, hash] of hashes.entries()) {
      const row = new Float32Array(this.#widths.reduce((sum, own) => sum + own, 0));
      let at = 0;
      parts.forEach((part, which) => {
        const width = this.#widths[which] ?? 0;
        row.set(part.subarray(i * width, (i + 1) * width), at);
        at += width;
      });
      if (row.some((value) => !Number.isFinite(value)))
        throw oalError("OAL-E252", { path: this.#model.path });
      this.#rows.set(hash, row);
      this.#computed++;
      await this.#cache.add(hash, row);
    }
  }
}

/**
 * Planes that come together; one batch is computed while the next is filled. Two buffers take turns, so that no batch leaves memory behind.
 */
class Batch {
  readonly #run: (hashes: readonly string[], planes: Uint8Array) => Promise<void>;
  readonly #seen = new Set<string>();
  #hashes: string[] = [];
  #filled = new Uint8Array();
  #computed = new Uint8Array();
  #running: Promise<void> = Promise.resolve();

  constructor(run: (hashes: readonly string[], planes: Uint8Array) => Promise<void>) {
    this.#run = run;
  }

  has(hash: string): boolean {
    return this.#seen.has(hash);
  }

  /** @param planes of one picture, as many numbers as those before */
  async add(hash: string, planes: Uint8Array): Promise<void> {
    this.#seen.add(hash);
    if (this.#filled.length === 0) this.#filled = new Uint8Array(batchSize * planes.length);
    this.#filled.set(planes, this.#hashes.length * planes.length);
    this.#hashes.push(hash);
    if (this.#hashes.length >= batchSize) await this.#start();
  }

  /** Computes what is left. */
  async finish(): Promise<void> {
    if (this.#hashes.length > 0) await this.#start();
    await this.#running;
  }

  /** Waits for what is under way, whatever becomes of it. */
  async settle(): Promise<void> {
    await this.#running.catch(() => undefined);
  }

  async #start(): Promise<void> {
    await this.#running;
    const hashes = this.#hashes;
    const planes = this.#filled.subarray(0, (hashes.length * this.#filled.length) / batchSize);
    this.#hashes = [];
    [this.#filled, this.#computed] = [this.#computed, this.#filled];
    this.#running = this.#run(hashes, planes);
    this.#running.catch(() => undefined); // told where it is waited for
  }
}

/** Everything that the numbers depend on beside the picture. */
function cacheKey(
  { hash, preprocessing, normalisation, facts }: LoadedModel,
  taps: readonly KeptTap[],
): string {
  const { maxPixels: _maxPixels, ...rule } = preprocessing;
  const { order = "rgb" } = normalisation;
  const { value } = facts.logits ?? { value: null };
  const meaning = [1, hash, rule, order, taps, value, facts.features?.value ?? null];
  return createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 24);
}
