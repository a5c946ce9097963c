/** A benchmark's rows for a terminal. */
import Table from "cli-table3";
import { printable } from "oal-core";
import { rankText } from "../ranks.js";
import type { BenchmarkResult } from "../result.js";
import {
  accuracyAt,
  detectorText,
  figureAt,
  figureText,
  intervalText,
  meansOf,
  sortedRows,
} from "./figures.js";

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
