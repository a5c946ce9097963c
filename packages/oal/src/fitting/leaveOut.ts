/**
 * Leave-class-out: each known class in turn is the unknown one. Head and detectors are fitted without it, and its pictures are told from
 * those of the other classes: an honest estimate of how well unknowns are found that are near the known classes.
 */
import { auroc } from "oal-core";
import { scorePictures, type PictureSet, type ScoringGround } from "./scoring.js";
import type { Heads } from "./heads.js";

/** Known pictures that take part. */
export interface KnownPictures {
  readonly hashes: readonly string[];
  /** Class indices. */
  readonly labels: Int32Array;
}

/** One class as the unknown one. */
export interface ClassLeftOut {
  /** Index of the class. */
  readonly index: number;
  /** Pictures of the class, and of the others. */
  readonly unknown: number;
  readonly known: number;
  /** By detector id. */
  readonly scores: Readonly<Record<string, { readonly known: Float32Array; readonly unknown: Float32Array }>>;
  /** AUROC by detector id. */
  readonly auroc: Readonly<Record<string, number>>;
}

/** What takes part when a class is left out. */
export interface LeaveOutPlan {
  /** The class. */
  readonly without: number;
  /** Rows of the training part that head and detectors are fitted on; those of the class are not. Default: all. */
  readonly rows?: readonly number[] | undefined;
  /** Known pictures: those of the class itself are not counted among them. */
  readonly known: KnownPictures;
  /** Pictures of the class. */
  readonly unknown: readonly string[];
}

/** At most so many of a list, spread over it. */
export function spreadOver<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  const before = (i: number): number => Math.floor((i * most) / list.length);
  return list.filter((_, i) => before(i + 1) > before(i));
}

/**
 * Leaves one class out.
 *
 * @param training  the training part, in the order of the heads' rows
 * @returns null where a side has no picture, or fewer than two classes are left to train on
 */
export async function leaveClassOut(
  ground: ScoringGround,
  heads: Heads,
  training: KnownPictures,
  { without, rows, known, unknown }: LeaveOutPlan,
): Promise<ClassLeftOut | null> {
  const scope = (rows ?? Array.from(training.labels.keys())).filter(
    (row) => training.labels[row] !== without,
  );
  const others = Array.from(known.labels.keys()).filter((i) => known.labels[i] !== without);
  if (others.length === 0 || unknown.length === 0) return null;
  const classes = new Set(scope.flatMap((row) => training.labels[row] ?? []).filter((label) => label >= 0));
  if (classes.size < 2) return null;
  const source = await heads.at({ rows, without });
  const label = (given: number): number => (given < 0 ? -1 : given > without ? given - 1 : given);
  const part = (name: string, of: KnownPictures, which: readonly number[]): PictureSet => ({
    name,
    hashes: which.map((i) => of.hashes[i] ?? ""),
    labels: Int32Array.from(which, (i) => label(of.labels[i] ?? -1)),
  });
  const { sets } = await scorePictures(ground, source, part("training pictures", training, scope), [
    part("known", known, others),
    { name: "unknown", hashes: unknown, labels: new Int32Array(unknown.length).fill(-1) },
  ]);
  const [inside, outside] = sets;
  const scores: Record<string, { known: Float32Array; unknown: Float32Array }> = {};
  const values: Record<string, number> = {};
  for (const [id, own] of Object.entries(inside?.confidence ?? {})) {
    const other = outside?.confidence[id];
    if (!other || own.some(Number.isNaN) || other.some(Number.isNaN)) continue;
    scores[id] = { known: own, unknown: other };
    values[id] = auroc(own, other);
  }
  return { index: without, unknown: unknown.length, known: others.length, scores, auroc: values };
}
