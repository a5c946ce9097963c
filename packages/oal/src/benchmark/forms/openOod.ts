/** A benchmark's rows in OpenOOD's forms: those of its leaderboard, and its own table of one detector. */
import { stringify } from "csv-stringify/sync";
import { twoDecimals } from "oal-core";
import type { BenchmarkResult, BenchmarkRow, Figure } from "../result.js";
import { accuracyAt, figureAt, figureText, seedsText, sortedRows } from "./figures.js";

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
