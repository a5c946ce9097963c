/** What the forms of a table have in common: the order of rows, figures in percent, and the sentences below. */
import { printable, summarizeSeeds, twoDecimals } from "oal-core";
import { aurocAt } from "../ranks.js";
import type { BenchmarkResult, BenchmarkRow, Figure, LeftOutRow } from "../result.js";

/** Rows by near AUROC, the best first; where there are no near sets, by far AUROC. */
export function sortedRows(rows: readonly BenchmarkRow[]): BenchmarkRow[] {
  const value = (row: BenchmarkRow): number => (aurocAt(row, "near") ?? aurocAt(row, "far"))?.mean ?? -1;
  return rows.toSorted((a, b) => value(b) - value(a));
}

/** "87.53 ± 0.42" in percent; without the deviation for one seed. */
export function figureText(figure: Figure | undefined, withDeviation = true): string {
  if (!figure) return "-";
  const mean = twoDecimals(100 * figure.mean);
  return figure.values.length > 1 && withDeviation
    ? `${mean} ± ${twoDecimals(100 * figure.deviation)}`
    : mean;
}

/** "[86.70, 88.40]" in percent; empty without one. */
export function intervalText(figure: Figure | undefined): string {
  if (!figure?.interval) return "";
  const [low, high] = figure.interval.map((end) => twoDecimals(100 * end));
  return `[${low ?? ""}, ${high ?? ""}]`;
}

/** The figure of a metric at a place. */
export function figureAt(row: BenchmarkRow, on: string, metric: string): Figure | undefined {
  return row.places.find((place) => place.on === on)?.metrics[metric];
}

/** The accuracy of a row's model over its seeds. */
export function accuracyAt({ models }: BenchmarkResult, row: BenchmarkRow): Figure {
  const files = models.find(({ name }) => name === row.model)?.files ?? [];
  const values = files.filter(({ seed }) => row.seeds.includes(seed)).map(({ accuracy }) => accuracy);
  const { mean, deviation } = summarizeSeeds(values);
  return { values, mean, deviation, interval: null };
}

/** "3 seeds", or "2 of 3 seeds" where the detector did not serve all files of its model. */
export function seedsText({ models }: BenchmarkResult, { model, seeds }: BenchmarkRow): string {
  const all = models.find(({ name }) => name === model)?.files.length ?? seeds.length;
  const of = seeds.length < all ? `${seeds.length} of ${all}` : String(all);
  return `${of} ${all === 1 ? "seed" : "seeds"}`;
}

/** The detector of a row, "vim (2 of 3 seeds)" where it did not serve all files of its model. */
export function detectorText(result: BenchmarkResult, row: BenchmarkRow): string {
  const seeds = seedsText(result, row);
  return seeds.includes(" of ") ? `${row.detector} (${seeds})` : row.detector;
}

/** What is to be known of a result beside its numbers, in sentences without a full stop: which detectors are left out and why, warnings. */
export function troubles({ leftOut, models, warnings }: BenchmarkResult): string[] {
  const reasons = new Map<string, LeftOutRow[]>();
  for (const each of leftOut) {
    const text = `${each.detector} is left out: ${each.reason}`;
    reasons.set(text, [...(reasons.get(text) ?? []), each]);
  }
  const whose = (rows: readonly LeftOutRow[]): string =>
    [...new Set(rows.map(({ model }) => model))]
      .map((name) => {
        const seeds = rows.filter(({ model }) => model === name).map(({ seed }) => seed);
        const all = models.find((model) => model.name === name)?.files.length ?? seeds.length;
        if (seeds.length === all) return name;
        return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(" and ")} of ${name}`;
      })
      .join(", ");
  return [...[...reasons].map(([text, rows]) => `${whose(rows)}: ${text}`), ...warnings];
}

/** The groups that a benchmark has means of, in table order. */
export function meansOf({ rows }: BenchmarkResult): ("near" | "far")[] {
  return (["near", "far"] as const).filter((group) =>
    rows.some((row) => row.places.some(({ on }) => on === group)),
  );
}

/** The seeds of the model that has most. */
export function mostSeeds({ models }: BenchmarkResult): number {
  return Math.max(...models.map(({ files }) => files.length));
}

/** How intervals were made; undefined where there are none. */
export function intervalsText(result: BenchmarkResult): string | undefined {
  const { resamples, seed } = result.bootstrap;
  if (resamples === 0) return undefined;
  const spread = mostSeeds(result) > 1 ? " and the spread of the seeds by Student's t" : "";
  return `${resamples} resamples of images (seed ${seed})${spread}`;
}

/** What means are. */
export const meansText = "percent; near and far are unweighted means over their sets";
/** What FPR@95 is without another word. */
export const openOodFpr =
  "FPR@95: share of known images rejected where 95 % of the unknown ones are (OpenOOD)";

/** What the numbers are, in a sentence or two. */
export function legendOf(result: BenchmarkResult): string {
  const intervals = intervalsText(result);
  return [
    meansText,
    ...(mostSeeds(result) > 1 ? ["± is the standard deviation over seeds (ddof 0)"] : []),
    ...(intervals === undefined
      ? []
      : [`brackets are 95 % intervals: ${intervals}; rows whose intervals overlap share ranks: ties`]),
    `${openOodFpr} | share of unknown images accepted where 95 % of the known ones are (many papers)`,
  ].join("; ");
}

/** Protocol, deviations, legend and what else is to be known, a sentence each. */
export function footOf(result: BenchmarkResult, legend = legendOf(result)): string {
  const { id, deviations } = result.protocol;
  const searched = result.searched
    ? "detector parameters were searched on the validation sets, as published"
    : "detector parameters are the published defaults, or those that were given";
  return [
    `Protocol ${id}${deviations.length > 0 ? `, not whole (${deviations.join("; ")})` : ""}; ${searched}; oal ${result.version}.`,
    `${legend}.`,
    ...troubles(result).map((text) => `Note: ${printable(text)}${/[.?!]$/.test(text) ? "" : "."}`),
  ].join("\n\n");
}
