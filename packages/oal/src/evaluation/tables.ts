/**
 * Results as rows, terminal table, CSV and JSON. Percent with two decimals; "±" is the spread over seeds (ddof 0, as
 * OpenOOD), brackets are 95 % intervals: by the bootstrap over images, and by the seeds too where there are several.
 */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import {
  expectArguments,
  kinds,
  headlineMetrics,
  type MetricName,
  metrics,
  summarizeSeeds,
  twoDecimals,
} from "oal-core";
import { isMean, type Difference } from "./compare.js";
import { aDifferenceList, aResultList, tableOptions } from "./kinds.js";
import { fewSeedsSentence } from "./intervals.js";
import type { SeedRow } from "./overSeeds.js";
import type { DetectorResult, EvaluationResult, MetricSummary } from "./result.js";
import { resultsToJson, type ResultExtras } from "./resultForm.js";

/** One line of a result table: one model and detector, all seeds. Values are fractions, one per seed. */
export interface TableRow {
  readonly model: string;
  readonly detector: string;
  readonly seeds: readonly number[];
  readonly idAccuracy: readonly number[];
  /** Summaries per place, in table order: "near", "far", then set names. One summary per seed. */
  readonly places: ReadonlyMap<string, readonly MetricSummary[]>;
}

/** Groups results by model and detector, in order of first appearance; seeds become one row. */
export function tableRows(results: readonly EvaluationResult[]): TableRow[] {
  const rows = new Map<
    string,
    { model: string; detector: string; of: [EvaluationResult, DetectorResult][] }
  >();
  for (const result of results) {
    for (const detector of result.detectors) {
      const key = JSON.stringify([result.model, detector.id]);
      const row = rows.get(key) ?? { model: result.model, detector: detector.id, of: [] };
      row.of.push([result, detector]);
      rows.set(key, row);
    }
  }
  return [...rows.values()].map(({ model, detector, of }): TableRow => {
    const places = new Map<string, MetricSummary[]>();
    for (const [, item] of of) {
      const summaries: [string, MetricSummary | null][] = [
        ["near", item.near],
        ["far", item.far],
        ...item.sets.map((set): [string, MetricSummary] => [set.name, set]),
      ];
      for (const [place, summary] of summaries) {
        if (summary !== null) places.set(place, [...(places.get(place) ?? []), summary]);
      }
    }
    return {
      model,
      detector,
      seeds: of.map(([result]) => result.seed),
      idAccuracy: of.map(([result]) => result.idAccuracy),
      places,
    };
  });
}

/**
 * A metric as text: "87.53 [86.90, 88.11]" for one seed, "87.53" without resamples, "87.53 ± 0.42 [86.70, 88.40]" for several
 * seeds, "-" for none. In percent.
 *
 * @param summaries  one per seed
 * @param overSeeds  interval of the mean over several seeds; without it none is printed
 */
export function metricText(
  summaries: readonly MetricSummary[] | undefined,
  metric: MetricName,
  overSeeds?: SeedRow["interval"],
): string {
  const [only] = summaries ?? [];
  if (summaries === undefined || only?.metrics[metric] === undefined) return "-";
  const isOne = summaries.length === 1;
  const value = isOne
    ? twoDecimals(100 * (only.metrics[metric] ?? NaN))
    : summarizeSeeds(summaries.map((summary) => 100 * (summary.metrics[metric] ?? NaN))).text;
  const interval = isOne ? (only.interval?.[metric] ?? null) : (overSeeds ?? null);
  if (interval === null) return value;
  const [low, high] = interval;
  return `${value} [${twoDecimals(100 * low)}, ${twoDecimals(100 * high)}]`;
}

/** What a printed table shows. */
export interface TableOptions {
  /** Default: the metrics of headlines, AUROC and FPR@95 unless others are registered. */
  readonly metrics?: readonly MetricName[];
  /** Default ["near", "far"]; set names are allowed. Places no row has are left out. */
  readonly places?: readonly string[];
  /** Means over seeds, for the intervals of results of several seeds. */
  readonly overSeeds?: readonly SeedRow[];
}

/**
 * The result table for a terminal: one row per model and detector; columns ID accuracy and metric per place. A detector that only some
 * of a model's seeds have says which; intervals over few seeds are explained below.
 *
 * @param results  one per model and seed
 */
export function resultTable(results: readonly EvaluationResult[], options: TableOptions = {}): string {
  expectArguments("resultTable", { results: [results, aResultList], options: [options, tableOptions] });
  const rows = tableRows(results);
  const shown = options.metrics ?? headlineMetrics();
  const places = (options.places ?? ["near", "far"]).filter((place) =>
    rows.some((row) => row.places.has(place)),
  );
  const columns = shown.flatMap((metric) => places.map((place): [string, MetricName] => [place, metric]));
  const table = new Table({
    head: [
      "model",
      "detector",
      "ID accuracy",
      ...columns.map(([place, metric]) => `${place} ${metrics.find(metric).title}`),
    ],
    colAligns: ["left", "left", "right", ...columns.map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  const shownMeans = new Set<number>();
  for (const row of rows) {
    const accuracies = row.idAccuracy.map((value) => 100 * value);
    table.push([
      row.model,
      `${row.detector}${missingSeeds(row, results)}`,
      accuracies.length > 1 ? summarizeSeeds(accuracies).text : twoDecimals(accuracies[0] ?? NaN),
      ...columns.map(([place, metric]) => {
        const found = options.overSeeds?.find(
          (mean) =>
            mean.model === row.model &&
            mean.detector === row.detector &&
            mean.on === place &&
            mean.metric === metric,
        );
        if (found?.degrees !== undefined) shownMeans.add(found.degrees);
        return metricText(row.places.get(place), metric, found?.interval);
      }),
    ]);
  }
  return withNotes(
    table,
    [...shownMeans].map((degrees) => fewSeedsSentence(degrees)),
  );
}

/** " (seeds 0, 2 only)" where others of the model's seeds lack the detector. */
function missingSeeds({ model, seeds }: TableRow, results: readonly EvaluationResult[]): string {
  const all = new Set(results.filter((result) => result.model === model).map(({ seed }) => seed));
  if (seeds.length === all.size) return "";
  return ` (${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")} only)`;
}

/** A table with the sentences that it needs below. */
function withNotes(table: { toString(): string }, notes: readonly (string | null)[]): string {
  return [table.toString(), ...new Set(notes.filter((note) => note !== null))].join("\n");
}

const csvColumns = [
  "model",
  "seed",
  "detector",
  "place",
  "group",
  "count",
  "metric",
  "value",
  "low",
  "high",
  "deviation",
  "vary",
] as const;

/** A line by column; what is absent stays empty. */
type CsvLine = Partial<Record<(typeof csvColumns)[number], string | number>>;

/**
 * Every number of the results as CSV: one line per model, seed, detector, place and metric, fractions in full precision. Over several
 * seeds the lines of their means follow: seed "mean", the interval of the mean, and the deviation (ddof 0). `vary` says what the seeds
 * vary: "run" or "students".
 *
 * @param extras  the seeds' kind, and the means over them; by default `vary` is empty
 */
export function resultCsv(
  results: readonly EvaluationResult[],
  extras: Pick<ResultExtras, "seeds" | "overSeeds"> = {},
): string {
  const seedRows = kinds.optional(kinds.listOf(kinds.record));
  expectArguments("resultCsv", {
    results: [results, aResultList],
    extras: [extras, kinds.fields({ seeds: kinds.optional(kinds.record), overSeeds: seedRows })],
  });
  const { seeds, overSeeds = [] } = extras;
  const lines = results.flatMap((result): CsvLine[] => {
    const { model, seed, idCount: count } = result;
    const whole = wholeMetrics(result).map(([metric, value]): CsvLine => ({
      model,
      seed,
      place: "test",
      group: "id",
      count,
      metric,
      value,
    }));
    const perDetector = result.detectors.flatMap((detector) => {
      const line = (place: string, group: string, more: CsvLine, summary: MetricSummary): CsvLine[] =>
        metrics.ids.map((metric) => {
          const [low, high] = summary.interval?.[metric] ?? ["", ""];
          const value = summary.metrics[metric] ?? "";
          return { model, seed, detector: detector.id, place, group, ...more, metric, value, low, high };
        });
      return [
        ...detector.sets.flatMap((set) => line(set.name, set.group, { count: set.count }, set)),
        ...(detector.near === null ? [] : line("near", "near", {}, detector.near)),
        ...(detector.far === null ? [] : line("far", "far", {}, detector.far)),
      ];
    });
    return [...whole, ...perDetector];
  });
  const means = overSeeds.map(({ on, mean, interval, model, detector, metric, deviation }): CsvLine => {
    const [low, high] = interval ?? ["", ""];
    const place = { place: on, group: groupOf(results, on) };
    return { model, seed: "mean", detector, ...place, metric, value: mean, low, high, deviation };
  });
  const all = [...lines, ...(overSeeds.length === 0 ? [] : meansOfWhole(results)), ...means];
  const vary = seeds?.vary ?? "";
  return stringify([
    [...csvColumns],
    ...all.map((line) => csvColumns.map((column) => ({ ...line, vary })[column] ?? "")),
  ]);
}

/** The figures of a model that belong to no detector. */
function wholeMetrics({
  idAccuracy,
  calibration,
}: Pick<EvaluationResult, "idAccuracy" | "calibration">): [metric: string, value: number][] {
  const { ece, mce, brier, nll } = calibration;
  return Object.entries({ idAccuracy, ece, mce, brier, nll });
}

/** Their means over seeds, per model. */
function meansOfWhole(results: readonly EvaluationResult[]): CsvLine[] {
  return [...new Set(results.map(({ model }) => model))].flatMap((model) => {
    const own = results.filter((result) => result.model === model).map(wholeMetrics);
    return (own[0] ?? []).map(([metric], k): CsvLine => {
      const { mean, deviation } = summarizeSeeds(own.map((values) => values[k]?.[1] ?? NaN));
      return { model, seed: "mean", place: "test", group: "id", metric, value: mean, deviation };
    });
  });
}

function groupOf(results: readonly EvaluationResult[], place: string): string {
  if (isMean(place)) return place;
  const sets = results.flatMap(({ detectors }) => detectors.flatMap((detector) => detector.sets));
  return sets.find(({ name }) => name === place)?.group ?? "";
}

/**
 * The results as JSON text, `{ "results": [...] }` with the extras before: two spaces of indentation, lists of numbers in one
 * line, a line feed at the end.
 */
export function resultJson(results: readonly EvaluationResult[], extras: ResultExtras = {}): string {
  expectArguments("resultJson", { results: [results, aResultList], extras: [extras, kinds.record] });
  return resultsToJson(results, extras);
}

/**
 * Paired differences for a terminal, in percentage points. A p value that the resamples are too few to show has a star; what it is, and
 * what intervals over few seeds are, is said below.
 */
export function differenceTable(differences: readonly Difference[]): string {
  expectArguments("differenceTable", { differences: [differences, aDifferenceList] });
  const table = new Table({
    head: ["difference", "detector", "on", "metric", "points [95 %]", "p", "p (Holm)"],
    colAligns: ["left", "left", "left", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  const p = (value: number): string => (value < 0.001 ? "<0.001" : value.toFixed(3));
  for (const item of differences) {
    const [low, high] = item.interval.map((value) => twoDecimals(100 * value));
    const spread = item.deviation === undefined ? "" : ` ± ${twoDecimals(100 * item.deviation)}`;
    table.push([
      `${item.first} - ${item.second}`,
      item.detector,
      item.on,
      metrics.find(item.metric).title,
      `${twoDecimals(100 * item.difference)}${spread} [${low ?? ""}, ${high ?? ""}]`,
      `${p(item.p)}${item.beyond ? "*" : ""}`,
      p(item.adjustedP),
    ]);
  }
  const beyond = differences.some((item) => item.beyond)
    ? "* every resample has this sign: p is that of their standard error"
    : null;
  return withNotes(table, [beyond, ...differences.map(({ degrees }) => fewSeedsSentence(degrees))]);
}
