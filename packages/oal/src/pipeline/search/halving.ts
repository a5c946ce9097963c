/** The rounds of a search: which seeds and epochs each has, and who goes on to the next. */
import type { Configuration } from "../configuration/schema.js";
import { seedsOf } from "../seeds.js";
import type { CandidateFigures, Figure } from "./figures.js";

/** How candidates are halved. */
export interface Halving {
  /** Epochs of each round, growing. All but the last train one seed. */
  readonly epochs: readonly number[];
  /** One in so many candidates goes on to the next round; at least two do. */
  readonly keepOneIn: number;
}

/** Successive halving as it is usually wanted: 2 epochs, then 5, then 10 with every seed; a third goes on. */
export const usualHalving: Halving = { epochs: [2, 5, 10], keepOneIn: 3 };

/** A round to be: its epochs, and the seeds that its configurations hold. */
export interface PlannedRound {
  readonly epochs: number | null;
  readonly seeds: Pick<Configuration, "seeds" | "studentSeeds">;
}

/** The seeds that the configuration names, or several of the students, which share teacher and outliers; the first alone before the last round. */
export function roundsOf(
  config: Configuration,
  count: number,
  halving: Halving | undefined,
): readonly PlannedRound[] {
  const named = config.seeds ?? config.studentSeeds;
  const { vary } = seedsOf(config);
  const list = named ?? Array.from({ length: count }, (_, i) => config.seed + i);
  const ofRun = vary === "run" && named !== undefined;
  const seeds = (some: readonly number[]): PlannedRound["seeds"] =>
    ofRun ? { seeds: [...some] } : { studentSeeds: [...some] };
  if (!halving) return [{ epochs: null, seeds: seeds(list) }];
  return halving.epochs.map((epochs, i) => ({
    epochs,
    seeds: seeds(i < halving.epochs.length - 1 ? list.slice(0, 1) : list),
  }));
}

/** How many go on beside the configuration as given. */
export function survivorCount(candidates: number, { keepOneIn }: Halving): number {
  return Math.max(2, Math.ceil((candidates - 1) / keepOneIn));
}

/** The best first, by one figure; of equals the earlier. */
export function ranked(figures: readonly CandidateFigures[], by: Figure): readonly CandidateFigures[] {
  return [...figures].sort((a, b) => b.figures[by].mean - a.figures[by].mean || a.number - b.number);
}

/** The best, and the configuration as given whatever it reached: the last table says what was gained over it. */
export function survivors(
  figures: readonly CandidateFigures[],
  by: Figure,
  halving: Halving | undefined,
): readonly number[] {
  const count = halving ? survivorCount(figures.length, halving) : figures.length;
  const best = ranked(
    figures.filter(({ number }) => number !== asGiven),
    by,
  ).slice(0, count);
  // but where that could not be trained at all
  const given = figures.filter(({ number }) => number === asGiven);
  return [...given, ...best].map(({ number }) => number);
}

/** The number of the configuration as it was given, where candidates are halved. */
export const asGiven = 1;
