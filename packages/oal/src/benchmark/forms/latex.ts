/** A benchmark's rows as a table of a paper. */
import { printable, twoDecimals } from "oal-core";
import { ranksOf } from "../ranks.js";
import type { BenchmarkResult, BenchmarkRow, Figure } from "../result.js";
import {
  accuracyAt,
  detectorText,
  figureAt,
  figureText,
  footOf,
  intervalsText,
  meansOf,
  meansText,
  mostSeeds,
  openOodFpr,
} from "./figures.js";

/** What the numbers of the LaTeX table are, which has no brackets, no ranks and one FPR@95. */
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
