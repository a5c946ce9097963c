/** A benchmark's rows as Markdown. */
import { printable } from "oal-core";
import { rankText } from "../ranks.js";
import type { BenchmarkResult } from "../result.js";
import {
  accuracyAt,
  detectorText,
  figureAt,
  figureText,
  footOf,
  intervalText,
  meansOf,
  sortedRows,
} from "./figures.js";

/** The table as Markdown, with a column for every set. */
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
