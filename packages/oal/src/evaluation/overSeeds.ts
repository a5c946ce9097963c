/**
 * Mean, spread and interval of every metric over several seeds. The spread is the standard deviation over seeds (ddof 0, as
 * OpenOOD); the interval covers the luck of the seed and that of the images.
 */
import { detectionMetrics, expectArguments, kinds, metrics, summarizeSeeds, type MetricName } from "oal-core";
import { intervalOverSeeds } from "./intervals.js";
import { isOod } from "./summary.js";
import { compareOptions, modelScores } from "./kinds.js";
import type { SetScores } from "./result.js";
import { drawSeeds, type SeededModel, type SeedSampleOptions, type SeedSamples } from "./seedSamples.js";

/** The seeds of results, and what they vary: the whole run (data, teacher, outliers, students), or the students alone. */
export interface SeedList {
  readonly vary: "run" | "students";
  readonly seeds: readonly number[];
}

/** What several seeds vary, in words: "the seeds 0, 1, 2 of the whole run". */
export function seedsSentence({ vary, seeds }: SeedList): string {
  const list = seeds.join(", ");
  return vary === "run"
    ? `the seeds ${list} of the whole run (data, teacher, outliers and students)`
    : `the seeds ${list} of the students (data, teacher and outliers shared)`;
}

/** One metric of a model and detector at one place. All values are fractions. */
export interface SeedRow {
  readonly model: string;
  readonly detector: string;
  /** Name of an OOD set, or "near" or "far" for the unweighted mean. */
  readonly on: string;
  readonly metric: MetricName;
  /** One value per seed. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Standard deviation over seeds, ddof 0. */
  readonly deviation: number;
  /** 95 % interval of the mean, over seeds and images; null without resamples. */
  readonly interval: readonly [number, number] | null;
  /** Degrees of freedom of the interval over several seeds. */
  readonly degrees?: number;
}

/**
 * Summaries of models over their seeds.
 *
 * @param models  scores of every model, one per seed, the seeds in one order
 * @returns one row per model, detector that every seed has, place and metric
 * @throws OAL-E230 when the models have different seeds, OAL-E104 when images differ within a seed
 * @source PROTOCOL sections 5 and 9, docs/decisions/0048
 * @example resultTable(results, { overSeeds: summarizeOverSeeds([ceSeeds, oalSeeds]) }) // "87.53 ± 0.42 [86.70, 88.40]"
 */
export function summarizeOverSeeds(
  models: readonly SeededModel[],
  options: SeedSampleOptions = {},
): SeedRow[] {
  expectArguments("summarizeOverSeeds", {
    models: [models, kinds.listOf(kinds.listOf(modelScores))],
    options: [options, compareOptions],
  });
  return rowsOf(drawSeeds(models, options));
}

/** The rows of samples that were drawn already. */
export function rowsOf(samples: SeedSamples): SeedRow[] {
  return samples.models.flatMap((model, m) => {
    const [first] = model;
    if (first === undefined) return [];
    const ood = first.sets.filter(isOod);
    return commonDetectors(model).flatMap((detector) => {
      const perSeed = model.map((scores) => ood.map((set) => measured(scores.sets, set.name, detector)));
      return placesOf(ood).flatMap(([on, sets]) =>
        metrics.ids.map((metric): SeedRow => {
          const values = perSeed.map(
            (vectors) => sets.reduce((sum, k) => sum + (vectors[k]?.[metric] ?? NaN), 0) / sets.length,
          );
          const { mean, deviation } = summarizeSeeds(values);
          const interval =
            samples.resamples === 0
              ? null
              : intervalOverSeeds(metric, values, samples.values(m, detector, sets, metric));
          const row = { model: first.model, detector, on, metric, values, mean, deviation, interval };
          return interval !== null && values.length > 1 ? { ...row, degrees: values.length - 1 } : row;
        }),
      );
    });
  });
}

/** Detectors that every seed of a model has; one that could not be fitted on one seed's images has no mean. */
export function commonDetectors(model: SeededModel): string[] {
  return (model[0]?.detectors ?? []).filter((id) => model.every(({ detectors }) => detectors.includes(id)));
}

/** "near" and "far" with the places of their sets, then every set by name. */
export function placesOf(
  ood: readonly Pick<SetScores, "name" | "group">[],
  perSet = true,
): [on: string, sets: number[]][] {
  const members = (group: "near" | "far"): number[] =>
    ood.flatMap((set, k) => (set.group === group ? [k] : []));
  const all: [string, number[]][] = [
    ["near", members("near")],
    ["far", members("far")],
    ...(perSet ? ood.map((set, k): [string, number[]] => [set.name, [k]]) : []),
  ];
  return all.filter(([, sets]) => sets.length > 0);
}

function measured(
  sets: readonly SetScores[],
  name: string,
  detector: string,
): Readonly<Record<MetricName, number>> {
  const id = sets.find((set) => set.group === "test")?.confidence[detector] ?? [];
  return detectionMetrics(id, sets.find((set) => set.name === name)?.confidence[detector] ?? []);
}
