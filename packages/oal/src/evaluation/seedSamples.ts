/**
 * Resampled metrics of several models over one seed or several. A resample draws images, for every set on its own, and, where
 * there are several seeds, as many of them as there are: the mean over the drawn seeds is one value. All models meet the same
 * images and the same seeds, so that differences are paired over both.
 */
import { oalError, Random, type BootstrapSamples, type MetricName } from "oal-core";
import { bootstrapDefaults, isOod, resampleScores } from "./summary.js";
import type { ModelScores } from "./result.js";

/** One model with its seeds, in the same order for every model. */
export type SeededModel = readonly ModelScores[];

/** How to resample. */
export interface SeedSampleOptions {
  /** Bootstrap resamples B. Default: that of `bootstrapDefaults`. */
  readonly resamples?: number;
  /** Seed of the bootstrap. Default 0. */
  readonly seed?: number;
  /**
   * One name per seed for the images it was measured on: seeds with equal names share their images, and so their draws.
   * Default: all share them.
   */
  readonly images?: readonly string[];
}

/** The resampled values. */
export class SeedSamples {
  /** Number of resamples. */
  readonly resamples: number;
  readonly #models: readonly SeededModel[];
  readonly #samples: readonly BootstrapSamples[];
  readonly #rows: readonly ReadonlyMap<string, number>[];
  /** The seeds of every resample, [B, seeds]. */
  readonly #drawn: Uint32Array;

  /**
   * Resamples models.
   *
   * @throws OAL-E230 when models do not have the same seeds; OAL-E104 when scores of one seed are of different images
   */
  constructor(models: readonly SeededModel[], options: SeedSampleOptions = {}) {
    const { resamples, seed } = { ...bootstrapDefaults, ...options };
    const seeds = models[0]?.map((scores) => scores.seed) ?? [];
    for (const model of models) assertSameSeeds(seeds, model);
    this.resamples = resamples;
    this.#models = models;
    const draws = new Random(seed, "evaluation/seeds");
    const n = seeds.length;
    this.#drawn = Uint32Array.from({ length: n > 1 ? resamples * n : 0 }, (_, i) =>
      draws.integer(Math.floor(i / n), i % n, n),
    );
    const images = [...new Set(options.images ?? [])];
    const rows: ReadonlyMap<string, number>[] = [];
    this.#samples = seeds.map((_, s) => {
      const own = models.flatMap((model, m) =>
        (model[s]?.detectors ?? []).map((detector) => ({ m, scores: model[s], detector })),
      );
      rows.push(new Map(own.map(({ m, detector }, row) => [rowName(m, detector), row])));
      const group = images.indexOf(options.images?.[s] ?? "");
      return resampleScores(
        own.flatMap(({ scores, detector }) => (scores ? [{ scores, detector }] : [])),
        models[0]?.[s]?.sets.filter(isOod).map(({ name }) => name) ?? [],
        // the first images have the draws that a run of one seed has
        { resamples, seed, stream: group > 0 ? `images ${group}` : undefined },
      );
    });
    this.#rows = rows;
  }

  /**
   * The resampled values [B] of a detector's metric, the mean over OOD sets.
   *
   * @param model  place among the models
   * @param sets  places among the OOD sets of the scores
   */
  values(model: number, detector: string, sets: readonly number[], metric: MetricName): Float64Array {
    const perSeed = this.#samples.map((samples, s) => {
      const row = this.#rows[s]?.get(rowName(model, detector));
      if (row === undefined) throw oalError("OAL-X101", { problem: `no samples of ${detector}` });
      return samples.mean(row, sets, metric);
    });
    return this.#overSeeds(perSeed);
  }

  /** Means over drawn seeds, of values [B] per seed. */
  #overSeeds(perSeed: readonly Float64Array[]): Float64Array {
    const [only] = perSeed;
    if (only !== undefined && perSeed.length === 1) return only;
    return Float64Array.from({ length: this.resamples }, (_, b) => {
      let sum = 0;
      for (let i = 0; i < perSeed.length; i++)
        sum += perSeed[this.#drawn[b * perSeed.length + i] ?? 0]?.[b] ?? NaN;
      return sum / perSeed.length;
    });
  }

  /** The models that were resampled. */
  get models(): readonly SeededModel[] {
    return this.#models;
  }
}

function rowName(model: number, detector: string): string {
  return `${model} ${detector}`;
}

function assertSameSeeds(expected: readonly number[], model: SeededModel): void {
  const found = model.map(({ seed }) => seed);
  if (expected.join() === found.join()) return;
  throw oalError("OAL-E230", {
    model: model[0]?.model ?? "a model",
    expected: [...expected],
    found,
  });
}
