/**
 * Training, calibration and test part of the known pictures. Which part a picture falls into is decided by its content and the seed
 * alone, class by class: copies fall together, and neither names nor the order of files matter.
 */
import { createHash } from "node:crypto";
import { fewestCalibration } from "oal-core";
import type { Part } from "./pictures.js";

/** Shares of the pictures of every class. */
export interface PartShares {
  readonly calibration: number;
  readonly test: number;
}

/** Seven tenths to fit on; the rest calibrates and measures. */
export const defaultShares: PartShares = { calibration: 0.15, test: 0.15 };

/** A picture to be divided. */
export interface Divided {
  readonly folder: number;
  readonly hash: string;
  readonly given?: Part | undefined;
}

/** How pictures are divided. */
export interface DivideOptions {
  readonly seed: number;
  /** Share of known pictures to keep: what the calibration part must be large enough for. */
  readonly keep: number;
  readonly shares?: PartShares;
}

/**
 * The part of every picture. Pictures whose folder says a part keep it; without a calibration or test folder those parts are taken
 * from the training pictures. The calibration part grows, up to a third of every class, where its share would be too few pictures to
 * promise anything.
 */
export function divide(
  pictures: readonly Divided[],
  { seed, keep, shares = defaultShares }: DivideOptions,
): Part[] {
  const parts = pictures.map(({ given }): Part => given ?? "train");
  const needs = (part: Part): boolean => !pictures.some(({ given }) => given === part);
  const open = pictures.flatMap(({ given }, i) => (given === undefined || given === "train" ? [i] : []));
  const [calibrates, tests] = [needs("calibration"), needs("test")];
  const wanted = keep < 1 ? fewestCalibration(keep) : 1;
  const calibration = calibrates
    ? Math.min(1 / 3, Math.max(shares.calibration, open.length > 0 ? wanted / open.length : 0))
    : 0;
  const test = tests ? shares.test : 0;
  const byFolder = new Map<number, number[]>();
  for (const i of open) {
    const folder = pictures[i]?.folder ?? -1;
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), i]);
  }
  const classes = [...byFolder.values()].map((members) =>
    members
      .map((i) => ({ i, rank: rankOf(pictures[i]?.hash ?? "", seed) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1)),
  );
  // what rounding leaves over in one class is taken in the next, so that the whole has its shares; names do not say which is next
  classes.sort((a, b) => ((a[0]?.rank ?? "") < (b[0]?.rank ?? "") ? -1 : 1));
  let [owedCalibration, owedTest] = [0, 0];
  for (const members of classes) {
    owedCalibration += calibration * members.length;
    owedTest += test * members.length;
    // one picture of a class is trained on, a second one measures
    const testCount = Math.max(0, Math.min(Math.round(owedTest), members.length - 1));
    const own = tests && testCount === 0 && members.length > 1 ? 1 : testCount;
    const rest = members.length - own;
    const calibrationCount = Math.max(0, Math.min(Math.round(owedCalibration), rest - 1));
    owedTest -= own;
    owedCalibration -= calibrationCount;
    members.forEach(({ i }, place) => {
      if (place < own) parts[i] = "test";
      else if (place < own + calibrationCount) parts[i] = "calibration";
    });
  }
  if (calibrates && !parts.includes("calibration")) {
    const spare = open.filter(
      (i) =>
        parts[i] === "train" &&
        (byFolder.get(pictures[i]?.folder ?? -1) ?? []).filter((j) => parts[j] === "train").length > 1,
    );
    const tested = open.filter((i) => parts[i] === "test");
    const [first] = spare.length > 0 ? spare : tested;
    if (first !== undefined) parts[first] = "calibration";
  }
  return parts;
}

/** A number of a picture's content and the seed, as text of fixed length. */
export function rankOf(hash: string, seed: number | string): string {
  return createHash("sha256").update(`${seed} ${hash}`).digest("hex");
}

/** Folds of some pictures, class by class: of each the fold, from 0 to `count` - 1. */
export function foldsOf(pictures: readonly Divided[], count: number, seed: number): Int32Array {
  const folds = new Int32Array(pictures.length);
  const order = pictures
    .map(({ hash, folder }, i) => ({ i, folder, rank: rankOf(hash, `folds ${seed}`) }))
    .sort((a, b) => a.folder - b.folder || (a.rank < b.rank ? -1 : 1));
  order.forEach(({ i }, place) => (folds[i] = place % count));
  return folds;
}
