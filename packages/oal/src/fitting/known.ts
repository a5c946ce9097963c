/** The known pictures of a fit in their three parts. */
import { oalError } from "oal-core";
import type { Skipped } from "../data/badImages.js";
import type { OutputReader } from "./outputs.js";
import { divide, foldsOf, type PartShares } from "./parts.js";
import { distinct, type Copies, type FitPicture, type FoundSource, type Part } from "./pictures.js";
import type { Subject } from "./subject.js";

/** Known pictures, each content once. */
export interface KnownFound {
  readonly pictures: readonly FitPicture[];
  readonly unreadable: readonly Skipped[];
  readonly copies: readonly Copies[];
  readonly contradictions: readonly Copies[];
  /** Copies and pictures of several classes: known, and not among `pictures`. */
  readonly others: readonly FitPicture[];
  readonly warnings: readonly string[];
}

/** Reads the known pictures: what the model says of them is known then. */
export async function readKnown(found: FoundSource, reader: OutputReader): Promise<KnownFound> {
  const { pictures, unreadable } = await reader.read(found);
  const kept = distinct(pictures);
  const warnings = [
    ...found.warnings,
    ...leftOutSentence(unreadable.length, "cannot be read", unreadable[0]?.id),
    ...leftOutSentence(
      kept.contradictions.length,
      "lie under more than one class",
      kept.contradictions[0]?.ids.join(" = "),
    ),
    ...(kept.copies.length === 0
      ? []
      : [
          `${thereAre(kept.copies.length)} there more than once, and count${kept.copies.length === 1 ? "s" : ""} once: ${kept.copies[0]?.ids.join(" = ")}${kept.copies.length > 1 ? ", ..." : ""}`,
        ]),
  ];
  const counts = new Set(kept.pictures);
  return { ...kept, others: pictures.filter((each) => !counts.has(each)), unreadable, warnings };
}

function leftOutSentence(count: number, why: string, first: string | undefined): string[] {
  if (count === 0) return [];
  const what = count === 1 ? "1 picture" : `${count} pictures`;
  const verb = count === 1 ? why.replace(/^lie /, "lies ") : why;
  return [`${what} ${verb} and ${count === 1 ? "is" : "are"} left out: ${first}${count > 1 ? ", ..." : ""}`];
}

function thereAre(count: number): string {
  return count === 1 ? "1 picture is" : `${count} pictures are`;
}

/** Pictures of one part. */
export interface PartPictures {
  readonly pictures: readonly FitPicture[];
  readonly hashes: readonly string[];
  /** Class indices; -1 for a picture of a folder that is no class of the model. */
  readonly labels: Int32Array;
}

/** The three parts. */
export interface KnownParts {
  readonly training: PartPictures;
  readonly calibration: PartPictures;
  readonly test: PartPictures;
  /** Folds of the training part, class by class. */
  readonly folds: Int32Array;
  /** Pictures of every folder in every part. */
  readonly counts: readonly Readonly<Record<Part, number>>[];
  readonly warnings: readonly string[];
}

/** Folds of cross-validation. */
const foldCount = 5;

/**
 * Divides the known pictures.
 *
 * @throws OAL-D104 for a class without a picture of its own, OAL-E254 when nothing is left to train or calibrate with
 */
export function partsOfKnown(
  { pictures, others }: KnownFound,
  { classOf, classNames, kind }: Subject,
  { path, folders }: FoundSource,
  options: { readonly seed: number; readonly keep: number; readonly shares?: PartShares | undefined },
): KnownParts {
  const { seed, keep, shares } = options;
  // first of all, because it tells more than how few pictures are left; a picture of the folder that was kept nowhere is a contradiction
  const counted = new Set(pictures.map(({ folder }) => folder));
  const lost = new Set(others.map(({ folder }) => folder));
  const shared = folders.filter((_, folder) => !counted.has(folder) && lost.has(folder));
  if (shared.length > 0 && (kind === "new" || pictures.length === 0))
    throw oalError("OAL-D104", { path, classNames: shared, shared: true });
  const parts = divide(pictures, { seed, keep, ...(shares === undefined ? {} : { shares }) });
  const of = (part: Part): PartPictures => {
    const own = pictures.filter((_, i) => parts[i] === part);
    return {
      pictures: own,
      hashes: own.map(({ hash }) => hash),
      labels: Int32Array.from(own, ({ folder }) => classOf[folder] ?? -1),
    };
  };
  const [training, calibration, test] = [of("train"), of("calibration"), of("test")];
  if (training.pictures.length === 0 || calibration.pictures.length === 0)
    throw oalError("OAL-E254", { path, pictures: pictures.length });
  const counts = folders.map((_, folder) => {
    const count = (part: Part): number =>
      pictures.filter((each, i) => each.folder === folder && parts[i] === part).length;
    return { train: count("train"), calibration: count("calibration"), test: count("test") };
  });
  const names = (which: (own: Readonly<Record<Part, number>>) => boolean): string[] =>
    counts.flatMap((own, folder) => (which(own) ? [folders[folder] ?? ""] : []));
  const empty = names((own) => own.train + own.calibration + own.test === 0);
  if (kind === "new" && empty.length > 0) throw oalError("OAL-D104", { path, classNames: empty });
  const sum = (own: Readonly<Record<Part, number>>): number => own.train + own.calibration + own.test;
  const tiny = names((own) => sum(own) > 0 && sum(own) < 6);
  const unmeasured = names((own) => sum(own) > 0 && own.test === 0);
  const warnings = [
    ...(tiny.length > 0
      ? [
          `${listed(tiny)}: fewer than 6 pictures; ${tiny.length === 1 ? "this class is" : "these classes are"} learned from next to nothing, and what is measured of ${tiny.length === 1 ? "it" : "them"} says little`,
        ]
      : []),
    ...(unmeasured.length > 0
      ? [
          `${listed(unmeasured)}: no picture is left for the test, so nothing is measured of ${unmeasured.length === 1 ? "it" : "them"}`,
        ]
      : []),
  ];
  const count = Math.max(2, Math.min(foldCount, ...classSizes(training.labels, classNames.length)));
  return { training, calibration, test, folds: foldsOf(training.pictures, count, seed), counts, warnings };
}

/** Training pictures of every class that has any. */
function classSizes(labels: Int32Array, classes: number): number[] {
  const sizes = new Map<number, number>();
  for (const label of labels)
    if (label >= 0 && label < classes) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  // a class with a single picture cannot be in every fold's training pictures; larger ones decide
  return [...sizes.values()].filter((size) => size > 1);
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}
