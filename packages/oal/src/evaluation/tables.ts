/**
 * Results as rows, terminal table, CSV and JSON. Percent with two decimals; "±" is the spread over seeds (ddof 0, as
 * OpenOOD), brackets are 95 % bootstrap intervals of one seed. The two are never mixed.
 */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import { expectArguments, kinds, type MetricName, metricNames, summarizeSeeds, twoDecimals } from "oal-core";
import type { Difference } from "./compare.js";
import { aDifferenceList, aResultList, tableOptions } from "./kinds.js";
import type { DetectorResult, EvaluationResult, MetricSummary } from "./result.js";
import { resultsToJson, type ResultExtras } from "./resultForm.js";

/** Column headers of the metrics. */
export const metricTitles: Readonly<Record<MetricName, string>> = {
  fpr95: "FPR@95",
  auroc: "AUROC",
  auprIn: "AUPR-in",
  auprOut: "AUPR-out",
  fpr95Id: "FPR@95 (ID pos.)",
};

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
 * A metric as text: "87.53 [86.90, 88.11]" for one seed, "87.53" without resamples, "87.53 ± 0.42" for several
 * seeds, "-" for none. In percent.
 *
 * @param summaries  one per seed
 */
export function metricText(summaries: readonly MetricSummary[] | undefined, metric: MetricName): string {
  const [only] = summaries ?? [];
  if (summaries === undefined || only === undefined) return "-";
  if (summaries.length > 1)
    return summarizeSeeds(summaries.map((summary) => 100 * summary.metrics[metric])).text;
  const value = twoDecimals(100 * only.metrics[metric]);
  if (only.interval === null) return value;
  const [low, high] = only.interval[metric];
  return `${value} [${twoDecimals(100 * low)}, ${twoDecimals(100 * high)}]`;
}

/** What a printed table shows. */
export interface TableOptions {
  /** Default "auroc" and "fpr95". */
  readonly metrics?: readonly MetricName[];
  /** Default ["near", "far"]; set names are allowed. Places no row has are left out. */
  readonly places?: readonly string[];
}

/**
 * The result table for a terminal: one row per model and detector; columns ID accuracy and metric per place.
 *
 * @param results  one per model and seed
 */
export function resultTable(results: readonly EvaluationResult[], options: TableOptions = {}): string {
  expectArguments("resultTable", { results: [results, aResultList], options: [options, tableOptions] });
  const rows = tableRows(results);
  const metrics = options.metrics ?? ["auroc", "fpr95"];
  const places = (options.places ?? ["near", "far"]).filter((place) =>
    rows.some((row) => row.places.has(place)),
  );
  const columns = metrics.flatMap((metric) => places.map((place): [string, MetricName] => [place, metric]));
  const table = new Table({
    head: [
      "model",
      "detector",
      "ID accuracy",
      ...columns.map(([place, metric]) => `${place} ${metricTitles[metric]}`),
    ],
    colAligns: ["left", "left", "right", ...columns.map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const accuracies = row.idAccuracy.map((value) => 100 * value);
    table.push([
      row.model,
      row.detector,
      accuracies.length > 1 ? summarizeSeeds(accuracies).text : twoDecimals(accuracies[0] ?? NaN),
      ...columns.map(([place, metric]) => metricText(row.places.get(place), metric)),
    ]);
  }
  return table.toString();
}

/**
 * Every number of the results as CSV: one line per model, seed, detector, place and metric, fractions in full precision.
 * Columns: model, seed, detector, place, group, count, metric, value, low, high.
 */
export function resultCsv(results: readonly EvaluationResult[]): string {
  expectArguments("resultCsv", { results: [results, aResultList] });
  const lines = results.flatMap(({ model, seed, idAccuracy, idCount, calibration, detectors }) => {
    const whole = [
      ["idAccuracy", idAccuracy],
      ["ece", calibration.ece],
      ["mce", calibration.mce],
      ["brier", calibration.brier],
      ["nll", calibration.nll],
    ].map(([metric, value]) => [model, seed, "", "test", "id", idCount, metric, value, "", ""]);
    const perDetector = detectors.flatMap((detector) => {
      const line = (place: string, group: string, count: number | "", summary: MetricSummary): unknown[][] =>
        metricNames.map((metric) => [
          model,
          seed,
          detector.id,
          place,
          group,
          count,
          metric,
          summary.metrics[metric],
          ...(summary.interval?.[metric] ?? ["", ""]),
        ]);
      return [
        ...detector.sets.flatMap((set) => line(set.name, set.group, set.count, set)),
        ...(detector.near === null ? [] : line("near", "near", "", detector.near)),
        ...(detector.far === null ? [] : line("far", "far", "", detector.far)),
      ];
    });
    return [...whole, ...perDetector];
  });
  const columns = ["model", "seed", "detector", "place", "group", "count", "metric", "value", "low", "high"];
  return stringify([columns, ...lines]);
}

/**
 * The results as JSON text, `{ "results": [...] }` with the extras before: two spaces of indentation, lists of numbers in one
 * line, a line feed at the end.
 */
export function resultJson(results: readonly EvaluationResult[], extras: ResultExtras = {}): string {
  expectArguments("resultJson", { results: [results, aResultList], extras: [extras, kinds.record] });
  return resultsToJson(results, extras);
}

/** Paired differences for a terminal, in percentage points. */
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
    table.push([
      `${item.first} - ${item.second}`,
      item.detector,
      item.on,
      metricTitles[item.metric],
      `${twoDecimals(100 * item.difference)} [${low ?? ""}, ${high ?? ""}]`,
      p(item.p),
      p(item.adjustedP),
    ]);
  }
  return table.toString();
}
