/** What the report shows first, and how runs with several seeds are put together. Test data chooses nothing here. */
import type { MetricName } from "oal-core";
import type { DetectorResult, MeasuredMetrics, ReportInput, ReportResult } from "./input.js";

/** The detector shown first, with the reason in words. */
export interface HeadlineDetector {
  readonly id: string;
  readonly reason: string;
}

/** Model ids in the order of the results. */
export function modelsOf(results: readonly ReportResult[]): string[] {
  return [...new Set(results.map((result) => result.model))];
}

/** Detector ids in the order of the results. */
export function detectorsOf(results: readonly ReportResult[]): string[] {
  return [...new Set(results.flatMap((result) => result.detectors.map((detector) => detector.id)))];
}

/**
 * The detector that the run names, else the one with the highest mean AUROC on *validation* OOD over all models and seeds; the first one where a run
 * has no validation OOD.
 */
export function headlineDetector({ results, headline }: ReportInput): HeadlineDetector | undefined {
  const ids = detectorsOf(results);
  if (headline !== undefined && ids.includes(headline.detector))
    return { id: headline.detector, reason: headline.reason };
  const [first] = ids;
  if (first === undefined) return undefined;
  let best: { id: string; auroc: number } | undefined;
  for (const id of ids) {
    const sets = results
      .flatMap((result) => result.detectors.filter((detector) => detector.id === id))
      .flatMap((detector) => detector.sets.filter((set) => set.group === "validation"));
    if (sets.length === 0) continue;
    const auroc = sets.reduce((sum, set) => sum + set.metrics.auroc, 0) / sets.length;
    if (best === undefined || auroc > best.auroc) best = { id, auroc };
  }
  return best === undefined
    ? { id: first, reason: "the first one listed; this run has no validation OOD to choose by" }
    : { id: best.id, reason: "best on validation OOD, never chosen by test data" };
}

/** A value over seeds: the mean, its spread (standard deviation, ddof 0) and the interval if there is one. */
export interface SeedSummary {
  readonly mean: number;
  readonly spread: number;
  /** Seeds that have it, and those of the model. */
  readonly seeds: number;
  readonly of: number;
  /** Over images for a single seed, over seeds and images for several. */
  readonly interval: readonly [number, number] | undefined;
}

/**
 * Mean and spread of a metric over the seeds that have it; undefined where none has. The interval is that of a single seed.
 *
 * @param of  seeds of the model. Default: as many as there are values
 */
export function overSeeds(
  values: readonly (MeasuredMetrics | null | undefined)[],
  metric: MetricName,
  of = values.length,
): SeedSummary | undefined {
  const present = values.flatMap((value) => {
    const number = value?.metrics[metric];
    return value && number !== undefined ? [{ number, interval: value.interval?.[metric] }] : [];
  });
  const [first] = present;
  if (first === undefined) return undefined;
  const mean = present.reduce((sum, { number }) => sum + number, 0) / present.length;
  const square = present.reduce((sum, { number }) => sum + (number - mean) ** 2, 0) / present.length;
  return {
    mean,
    spread: Math.sqrt(square),
    seeds: present.length,
    of,
    interval: present.length === 1 ? first.interval : undefined,
  };
}

/** A metric of a model and detector at one place: over its seeds where there are several, with the interval of their mean. */
export function summaryAt(
  input: Pick<ReportInput, "results" | "overSeeds">,
  { model, detector, on, metric }: { model: string; detector: string; on: string; metric: MetricName },
): SeedSummary | undefined {
  const runs = detectorRuns(input.results, model, detector);
  const measuredOf = (run: DetectorResult): MeasuredMetrics | null | undefined =>
    on === "near" || on === "far" ? run[on] : run.sets.find((set) => set.name === on);
  const seeds = input.results.filter((result) => result.model === model).length;
  const summary = overSeeds(runs.map(measuredOf), metric, seeds);
  if (summary === undefined || summary.seeds === 1) return summary;
  const row = input.overSeeds.find(
    (each) => each.model === model && each.detector === detector && each.on === on && each.metric === metric,
  );
  return { ...summary, interval: row?.interval ?? undefined };
}

/** The results of one detector on one model, one per seed. */
export function detectorRuns(
  results: readonly ReportResult[],
  model: string,
  detector: string,
): DetectorResult[] {
  return results
    .filter((result) => result.model === model)
    .flatMap((result) => result.detectors.filter((candidate) => candidate.id === detector));
}

/** One column of the result tables. */
export interface ResultColumn {
  readonly title: string;
  readonly note: string;
  readonly group: "near" | "far" | "validation";
  /** A mean over sets, not one set. */
  readonly isMean: boolean;
  /** "near", "far", or the name of a set. */
  readonly on: string;
}

/** Columns: near mean, far mean, then every set; validation sets last. Means appear only where sets of the group exist. */
export function resultColumns(results: readonly ReportResult[]): ResultColumn[] {
  const sets = new Map<string, { group: ResultColumn["group"]; count: number }>();
  for (const set of results.flatMap((result) => result.detectors.flatMap((detector) => detector.sets))) {
    if (!sets.has(set.name)) sets.set(set.name, { group: set.group, count: set.count });
  }
  const groups = (["near", "far"] as const).filter((group) =>
    [...sets.values()].some((set) => set.group === group),
  );
  const means = groups.map((group) => ({
    title: group === "near" ? "Near mean" : "Far mean",
    note: `${[...sets.values()].filter((set) => set.group === group).length} sets`.replace(
      /^1 sets$/,
      "1 set",
    ),
    group,
    isMean: true,
    on: group,
  }));
  const single = (["near", "far", "validation"] as const).flatMap((group) =>
    [...sets]
      .filter(([, set]) => set.group === group)
      .map(([name, set]) => ({
        title: name,
        note: group === "validation" ? "validation" : `${group} · ${set.count}`,
        group,
        isMean: false,
        on: name,
      })),
  );
  return [...means, ...single];
}

/** Number of seeds of the run's models, the largest. */
export function seedCount(input: ReportInput): number {
  const models = modelsOf(input.results);
  return Math.max(
    0,
    ...models.map((model) => input.results.filter((result) => result.model === model).length),
  );
}

/** What of several seeds a section shows, as a sentence with a space before; nothing for one seed. */
export function firstSeedNote(input: ReportInput): string {
  const { seeds = [] } = input.seeds ?? {};
  return seeds.length > 1 ? ` Shown for the first of ${seeds.length} seeds, ${seeds[0] ?? ""}.` : "";
}

/** Whether any result has bootstrap intervals. */
export function hasIntervals(input: ReportInput): boolean {
  return input.results.some(({ detectors }) =>
    detectors.some(({ sets }) => sets.some(({ interval }) => interval !== null)),
  );
}
