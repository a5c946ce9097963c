/** A benchmark's rows as text: for terminals, Markdown, LaTeX, the leaderboard's CSV, and OpenOOD's CSV of one row. */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import { metrics, printable, summarizeSeeds, twoDecimals } from "oal-core";
import { aurocAt, ranksOf, rankText } from "./ranks.js";
import type { BenchmarkResult, BenchmarkRow, Figure, LeftOutRow } from "./result.js";

/** The forms of the table. */
export const tableForms = ["table", "leaderboard", "latex", "markdown", "json"] as const;

/** One of them. */
export type TableForm = (typeof tableForms)[number];

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
function seedsText({ models }: BenchmarkResult, { model, seeds }: BenchmarkRow): string {
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
function mostSeeds({ models }: BenchmarkResult): number {
  return Math.max(...models.map(({ files }) => files.length));
}

/** How intervals were made; undefined where there are none. */
function intervalsText(result: BenchmarkResult): string | undefined {
  const { resamples, seed } = result.bootstrap;
  if (resamples === 0) return undefined;
  const spread = mostSeeds(result) > 1 ? " and the spread of the seeds by Student's t" : "";
  return `${resamples} resamples of images (seed ${seed})${spread}`;
}

const meansText = "percent; near and far are unweighted means over their sets";
const openOodFpr = "FPR@95: share of known images rejected where 95 % of the unknown ones are (OpenOOD)";

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

/** The same for the LaTeX table, which has no brackets, no ranks and one FPR@95. */
function latexLegend(result: BenchmarkResult): string {
  const intervals = intervalsText(result);
  return [
    meansText,
    ...(mostSeeds(result) > 1 ? ["subscripts are standard deviations over seeds (ddof 0)"] : []),
    ...(intervals === undefined
      ? ["bold: the best of the column", "underlined: the second"]
      : [
          `bold: rank 1 of the column, ties included: the rows whose 95 % interval no other row's lies wholly above (${intervals})`,
          "underlined: the best of the others",
        ]),
    openOodFpr,
  ].join("; ");
}

/** The table for a terminal. */
export function terminalTable(result: BenchmarkResult): string {
  const means = meansOf(result);
  const several = result.models.length > 1;
  const table = new Table({
    head: [
      "rank",
      ...(several ? ["model"] : []),
      "detector",
      ...means.map((on) => `${on} AUROC`),
      ...means.map((on) => `${on} FPR@95`),
      "accuracy",
    ],
    colAligns: [
      "right",
      ...(several ? (["left"] as const) : []),
      "left",
      ...means.flatMap(() => ["right", "right"] as const),
      "right",
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const row of sortedRows(result.rows))
    table.push([
      rankText(row.rank.near ?? row.rank.far),
      ...(several ? [printable(row.model)] : []),
      detectorText(result, row),
      ...means.map((on) => {
        const figure = figureAt(row, on, "auroc");
        return `${figureText(figure)} ${intervalText(figure)}`.trim();
      }),
      ...means.map(
        (on) =>
          `${figureText(figureAt(row, on, "fpr95"), false)} | ${figureText(figureAt(row, on, "fpr95Id"), false)}`,
      ),
      figureText(accuracyAt(result, row)),
    ]);
  return table.toString();
}

/** The same as Markdown, with a column for every set. */
export function markdownTable(result: BenchmarkResult): string {
  const means = meansOf(result);
  const sets = result.sets.filter(({ role }) => role === "near" || role === "far");
  const head = [
    "rank",
    "model",
    "detector",
    ...means.flatMap((on) => [`${on} AUROC`, `${on} FPR@95`, `${on} FPR@95, known positive`]),
    ...sets.map(({ name }) => `${name} AUROC`),
    "accuracy",
  ];
  const escaped = (text: string): string => printable(text).replaceAll("|", "\\|");
  const lines = sortedRows(result.rows).map((row) => [
    rankText(row.rank.near ?? row.rank.far),
    row.model,
    detectorText(result, row),
    ...means.flatMap((on) => [
      `${figureText(figureAt(row, on, "auroc"))} ${intervalText(figureAt(row, on, "auroc"))}`.trim(),
      figureText(figureAt(row, on, "fpr95")),
      figureText(figureAt(row, on, "fpr95Id")),
    ]),
    ...sets.map(({ name }) => figureText(figureAt(row, name, "auroc"))),
    figureText(accuracyAt(result, row)),
  ]);
  const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = `| --- | --- | --- |${" ---: |".repeat(head.length - 3)}`;
  return [row(head), rule, ...lines.map(row), "", footOf(result), ""].join("\n");
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

/** A figure of which less is better, as one of which more is. */
function negated({ mean, interval }: Figure): Pick<Figure, "mean" | "interval"> {
  return { mean: -mean, interval: interval && [-interval[1], -interval[0]] };
}

/**
 * The rows as a LaTeX table for the package booktabs: deviations as subscripts; bold all rows that share the first rank of a column, underlined
 * the best of the others.
 */
export function latexTable(result: BenchmarkResult): string {
  const means = meansOf(result);
  const columns = means.flatMap((on) => [
    { on, metric: "auroc", title: `${on} AUROC $\\uparrow$`, sign: 1 },
    { on, metric: "fpr95", title: `${on} FPR@95 $\\downarrow$`, sign: -1 },
  ]);
  const rows = result.models.flatMap(({ name }) => [result.rows.filter(({ model }) => model === name)]);
  const all = rows.flat();
  const places = columns.map(({ on, metric, sign }) => {
    const figures = all.flatMap((row) => figureAt(row, on, metric) ?? []);
    const ranks = ranksOf(figures.map((figure) => (sign < 0 ? negated(figure) : figure)));
    const first = new Set(figures.filter((_, k) => ranks[k]?.best === 1));
    const others = figures.filter((figure) => !first.has(figure));
    return { first, second: Math.max(...others.map(({ mean }) => sign * mean)) };
  });
  const cell = (row: BenchmarkRow, k: number): string => {
    const column = columns[k];
    const figure = column && figureAt(row, column.on, column.metric);
    if (!column || !figure) return "--";
    const mean = twoDecimals(100 * figure.mean);
    const marked = places[k]?.first.has(figure)
      ? `\\textbf{${mean}}`
      : column.sign * figure.mean === places[k]?.second
        ? `\\underline{${mean}}`
        : mean;
    return figure.values.length > 1 ? `${marked}$_{\\pm ${twoDecimals(100 * figure.deviation)}}$` : marked;
  };
  const lines = rows.map((group) =>
    group.map((row) =>
      [
        latexText(row.model),
        latexText(detectorText(result, row)),
        ...columns.map((_, k) => cell(row, k)),
        figureText(accuracyAt(result, row))
          .replace(" ± ", "$_{\\pm ")
          .replace(/(_\{\\pm .*)$/, "$1}$"),
      ].join(" & "),
    ),
  );
  return [
    `% ${footOf(result, latexLegend(result)).replaceAll(/\s*\n+\s*/g, " ")}`,
    `\\begin{tabular}{ll${"r".repeat(columns.length + 1)}}`,
    "\\toprule",
    `model & detector & ${columns.map(({ title }) => title).join(" & ")} & accuracy \\\\`,
    "\\midrule",
    lines.map((group) => group.map((line) => `${line} \\\\`).join("\n")).join("\n\\midrule\n"),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

function latexText(text: string): string {
  return printable(text)
    .replaceAll("\\", "\\textbackslash ")
    .replaceAll(/[&%$#_{}]/g, (sign) => `\\${sign}`)
    .replaceAll("~", "\\textasciitilde ")
    .replaceAll("^", "\\textasciicircum ");
}

/** The columns of the leaderboard of OpenOOD. */
const boardColumns = [
  "Training",
  "Postprocessor",
  "Near-OOD_AUROC",
  "Far-OOD_AUROC",
  "ID_Accuracy",
  "Outlier_Data",
  "Arch",
  "Additional_Description",
] as const;

/** Stands on the board for what is not told. */
const untold = "/";

/** The rows as the leaderboard of OpenOOD has them; what a model file does not tell (outlier data, architecture) is for its author. */
export function leaderboardCsv(result: BenchmarkResult): string {
  const { id, deviations } = result.protocol;
  const about = `oal ${result.version}; ${id}${deviations.length > 0 ? "; not the whole protocol" : ""}`;
  const board = (figure: Figure | undefined): string =>
    figure ? `${twoDecimals(100 * figure.mean)} ± ${twoDecimals(100 * figure.deviation)}` : untold;
  return stringify([
    [...boardColumns],
    ...sortedRows(result.rows).map((row) => [
      row.model,
      row.detector,
      board(figureAt(row, "near", "auroc")),
      board(figureAt(row, "far", "auroc")),
      board(accuracyAt(result, row)),
      untold,
      untold,
      `${about}; ${seedsText(result, row)}`,
    ]),
  ]);
}

/** What OpenOOD calls the columns of its tables, and the ids of their metrics. */
const openOodColumns = [
  ["FPR@95", "fpr95"],
  ["AUROC", "auroc"],
  ["AUPR_IN", "auprIn"],
  ["AUPR_OUT", "auprOut"],
] as const;

/**
 * One row as OpenOOD's CSV: a line per set, the near sets with their mean behind them, then the far ones.
 *
 * @source PROTOCOL section 7
 */
export function openOodCsv(result: BenchmarkResult, row: BenchmarkRow): string {
  const accuracy = figureText(accuracyAt(result, row));
  const inGroup = (group: "near" | "far"): (readonly [on: string, title: string])[] => {
    const own = row.places.filter((place) => place.group === group && place.on !== group);
    return own.length === 0
      ? []
      : [...own.map(({ on }) => [on, on] as const), [group, `${group}ood`] as const];
  };
  return stringify([
    ["", ...openOodColumns.map(([title]) => title), "ACC"],
    ...[...inGroup("near"), ...inGroup("far")].map(([on, title]) => [
      title,
      ...openOodColumns.map(([, metric]) => figureText(figureAt(row, on, metric))),
      accuracy,
    ]),
  ]);
}

/** The result as JSON text. */
export function benchmarkJson(result: BenchmarkResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** The result in one of the forms. */
export function tableIn(form: TableForm, result: BenchmarkResult): string {
  if (form === "leaderboard") return leaderboardCsv(result);
  if (form === "latex") return latexTable(result);
  if (form === "markdown") return markdownTable(result);
  return form === "json" ? benchmarkJson(result) : `${terminalTable(result)}\n`;
}

/** Every number of the result as CSV: a line per model, detector, place and metric, fractions in full precision. */
export function benchmarkCsv({ rows }: BenchmarkResult): string {
  return stringify([
    ["model", "detector", "place", "group", "metric", "mean", "deviation", "low", "high", "values"],
    ...rows.flatMap(({ model, detector, places }) =>
      places.flatMap(({ on, group, metrics: figures }) =>
        metrics.all.flatMap(({ id }) => {
          const figure = figures[id];
          if (!figure) return [];
          const [low, high] = figure.interval ?? ["", ""];
          return [
            [
              model,
              detector,
              on,
              group,
              id,
              figure.mean,
              figure.deviation,
              low,
              high,
              figure.values.join(" "),
            ],
          ];
        }),
      ),
    ),
  ]);
}
