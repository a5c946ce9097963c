/** Ranks with ties: where intervals overlap, the order of two rows is not known. */
import type { BenchmarkRow, Figure, Rank } from "./result.js";

/**
 * The ranks that every figure may have: one more than the rows that are surely better, to all but those that are surely worse. A row is
 * surely better where its interval lies above the other's; without intervals, where its value is larger.
 */
export function ranksOf(figures: readonly Pick<Figure, "mean" | "interval">[]): Rank[] {
  const ends = figures.map(({ mean, interval }) => interval ?? ([mean, mean] as const));
  return ends.map(([low, high]) => ({
    best: 1 + ends.filter(([other]) => other > high).length,
    worst: ends.length - ends.filter(([, other]) => other < low).length,
  }));
}

/** The AUROC of a row at a place. */
export function aurocAt(row: Pick<BenchmarkRow, "places">, on: string): Figure | undefined {
  return row.places.find((place) => place.on === on)?.metrics["auroc"];
}

/** Rows with their ranks by near and by far AUROC. */
export function withRanks(rows: readonly Omit<BenchmarkRow, "rank">[]): BenchmarkRow[] {
  const at = (on: "near" | "far"): (Rank | null)[] => {
    const figures = rows.map((row) => aurocAt(row, on));
    const there = figures.filter((figure) => figure !== undefined);
    const ranks = ranksOf(there);
    let next = 0;
    return figures.map((figure) => (figure ? (ranks[next++] ?? null) : null));
  };
  const [near, far] = [at("near"), at("far")];
  return rows.map((row, k) => ({ ...row, rank: { near: near[k] ?? null, far: far[k] ?? null } }));
}

/** "3" or "3-7". */
export function rankText(rank: Rank | null): string {
  if (rank === null) return "-";
  return rank.best === rank.worst ? String(rank.best) : `${rank.best}-${rank.worst}`;
}
