/**
 * Resampled metrics of several models over one seed or several. A resample draws images, for every set on its own; seeds are not drawn:
 * two or three of them say nothing that way of the spread they come from (docs/decisions/0048). All models meet the same images, and
 * seeds measured on the same images share their draws, so that differences are paired and what seeds have in common can be told.
 */
import { oalError, type BootstrapSamples, type MetricName } from "oal-core";
import { bootstrapDefaults, resampleAtOnce, resampleTask, type ResampleTask } from "./resample.js";
import { resampleInThreads, type ResampleOptions } from "./resampleThreads.js";
import type { ModelScores } from "./result.js";
import { isOod } from "./summary.js";

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

  /** Use `drawSeeds`. @param samples, rows  per seed: what was drawn, and the place of every model's detectors in it */
  constructor(
    models: readonly SeededModel[],
    resamples: number,
    samples: readonly BootstrapSamples[],
    rows: readonly ReadonlyMap<string, number>[],
  ) {
    this.#models = models;
    this.resamples = resamples;
    this.#samples = samples;
    this.#rows = rows;
  }

  /**
   * The resampled values of a detector's metric, the mean over OOD sets: [B] per seed.
   *
   * @param model  place among the models
   * @param sets  places among the OOD sets of the scores
   */
  values(model: number, detector: string, sets: readonly number[], metric: MetricName): Float64Array[] {
    return this.#samples.map((samples, s) => {
      const row = this.#rows[s]?.get(rowName(model, detector));
      if (row === undefined) throw oalError("OAL-X101", { problem: `no samples of ${detector}` });
      return samples.mean(row, sets, metric);
    });
  }

  /** The models that were resampled. */
  get models(): readonly SeededModel[] {
    return this.#models;
  }
}

/**
 * Resamples models in one go.
 *
 * @throws OAL-E230 when models do not have the same seeds; OAL-E104 when scores of one seed are of different images
 */
export function drawSeeds(models: readonly SeededModel[], options: SeedSampleOptions = {}): SeedSamples {
  const { tasks, rows, resamples } = seedTasks(models, options);
  return new SeedSamples(models, resamples, tasks.map(resampleAtOnce), rows);
}

/** {@link drawSeeds} in several threads, while others have their turns; the samples are the same. */
export async function drawSeedsInThreads(
  models: readonly SeededModel[],
  options: SeedSampleOptions,
  { threads, onTurn }: ResampleOptions,
): Promise<SeedSamples> {
  const { tasks, rows, resamples } = seedTasks(models, options);
  const samples: BootstrapSamples[] = [];
  for (const [s, task] of tasks.entries())
    samples.push(
      await resampleInThreads(task, { threads, onTurn: (done) => onTurn?.((s + done) / tasks.length) }),
    );
  return new SeedSamples(models, resamples, samples, rows);
}

/** What is resampled: one task per seed, and the place of every model's detectors in it. */
interface SeedTasks {
  readonly tasks: readonly ResampleTask[];
  readonly rows: readonly ReadonlyMap<string, number>[];
  readonly resamples: number;
}

function seedTasks(models: readonly SeededModel[], options: SeedSampleOptions): SeedTasks {
  const { resamples, seed } = { ...bootstrapDefaults, ...options };
  const seeds = models[0]?.map((scores) => scores.seed) ?? [];
  for (const model of models) assertSameSeeds(seeds, model);
  const images = [...new Set(options.images ?? [])];
  const ofSeeds = seeds.map((_, s) => {
    const own = models.flatMap((model, m) => {
      const scores = model[s];
      return scores ? scores.detectors.map((detector) => ({ m, scores, detector })) : [];
    });
    const group = images.indexOf(options.images?.[s] ?? "");
    return {
      rows: new Map(own.map(({ m, detector }, row) => [rowName(m, detector), row])),
      task: resampleTask(
        own,
        models[0]?.[s]?.sets.filter(isOod).map(({ name }) => name) ?? [],
        // the first images have the draws that a run of one seed has
        { resamples, seed, stream: group > 0 ? `images ${group}` : undefined },
      ),
    };
  });
  return { tasks: ofSeeds.map(({ task }) => task), rows: ofSeeds.map(({ rows }) => rows), resamples };
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
