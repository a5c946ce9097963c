/** What `oal data inspect` tells: the look ahead of a run, with the images decoded where that is asked for. */
import { OalError } from "oal-core";
import { badImages, type Skipped } from "../data/badImages.js";
import { orientationFor } from "../data/cache.js";
import { ImageCheck, type ImagePlace } from "../data/checkImages.js";
import { classCounts, collecting, placeOf, throwProblems } from "../data/problems.js";
import { readerOf } from "../data/readers/index.js";
import type { OpenSource, SourceSpec } from "../data/readers/reader.js";
import { partCounts, smallClasses, type SetRole } from "../data/split.js";
import type { Configuration } from "./configuration/schema.js";
import type { SurveyedSet } from "./dataPlan.js";
import { preflight, type Preflight } from "./preflight.js";

/** One source of a run. */
export interface InspectedSet {
  /** "train", "validation", "test", or the name of a set of unknowns. */
  readonly name: string;
  readonly role: SetRole;
  /** Path, path#part, or list. */
  readonly place: string;
  /** Id and title of the reader. */
  readonly format: string;
  readonly title: string;
  readonly images: number;
  /** The first few ids. */
  readonly first: readonly string[];
  /** Files that are no pictures, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Images that cannot be decoded; null when none was tried. */
  readonly unreadable: readonly Skipped[] | null;
}

/** Images of one class. */
export interface InspectedClass {
  readonly name: string;
  /** In the source of the training images, with what is split off. */
  readonly images: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** A problem as data. */
export interface InspectedProblem {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Everything that was found. */
export interface Inspection {
  readonly sets: readonly InspectedSet[];
  readonly classes: readonly InspectedClass[];
  /** The source has no classes: it can only be a set of unknowns. `problems` are then those of training with it. */
  readonly unknownsOnly: boolean;
  /** Groups of equal pictures; null when images were not decoded. */
  readonly duplicates: readonly (readonly ImagePlace[])[] | null;
  /** What `oal run` would refuse; empty when it would start. */
  readonly problems: readonly InspectedProblem[];
}

/** How to inspect. */
export interface InspectOptions {
  /** Decode every image. */
  readonly check?: boolean;
  readonly onProgress?: (text: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Codes of problems that a source without classes has, and no other. */
const classless: readonly string[] = ["OAL-D105", "OAL-D111", "OAL-D141"];

/**
 * Looks at the sources of a configuration as a run would.
 *
 * @throws what keeps every source from being opened; everything else is a problem of the result
 */
export async function inspectData(config: Configuration, options: InspectOptions = {}): Promise<Inspection> {
  const { check = false, onProgress, signal } = options;
  const ahead = await preflight(
    config,
    { methods: config.methods, until: "report" },
    { onOpen: (name, done, total) => onProgress?.(`looking at ${name}`, done, total) },
  );
  if (ahead.sets.length === 0) throwProblems(ahead.problems, config.data.source);
  const unknowns = await asUnknowns(ahead);
  const surveyed = unknowns ? [unknowns] : ahead.sets;
  const problems = [...ahead.problems];
  const images = check ? new ImageCheck() : null;
  const sets: InspectedSet[] = [];
  for (const set of surveyed) {
    const { name, role, spec, reader, source, opened } = set;
    const unreadable =
      images && opened
        ? await images.add(name, opened, spec, {
            onProgress: (done, total) => onProgress?.(`decoding ${name}`, done, total),
            ...(signal ? { signal } : {}),
            decoding: {
              orientation: await orientationFor(spec, config.data.orientation),
              maxPixels: config.data.maxPixels,
            },
          })
        : null;
    const known = unreadable ?? opened?.unreadable ?? [];
    problems.push(...unreadableProblems(set, known, ahead, config.data));
    sets.push({
      name,
      role,
      place: placeOf(spec),
      format: reader.id,
      title: reader.title,
      images: source.ids.length,
      first: source.ids.slice(0, 3),
      skipped: Object.fromEntries(opened?.skipped ?? []),
      unreadable,
    });
  }
  return {
    sets,
    classes: unknowns ? [] : classesOf(ahead),
    unknownsOnly: unknowns !== undefined,
    duplicates: images?.duplicates() ?? null,
    // a class that is too small already is no other problem without its unreadable images
    problems: problems
      .filter(({ message }, i) => problems.findIndex((other) => other.message === message) === i)
      .map(({ code, message, remedy, details }) => ({ code, message, remedy, details })),
  };
}

/** The training source as a set of unknowns, when nothing keeps it from being one and it has no classes. */
async function asUnknowns({ plan, sets, problems }: Preflight): Promise<SurveyedSet | undefined> {
  const train = sets.find(({ role }) => role === "train");
  if (!train || !plan.parts || sets.length > 1 || problems.length === 0) return undefined;
  if (!problems.every(({ code }) => classless.includes(code))) return undefined;
  if (train.source.labels.some((label) => label >= 0) && train.source.classNames.length > 1) return undefined;
  const spec: SourceSpec = { ...train.spec, labels: "ood" };
  const opened: OpenSource | undefined = await collecting([], async () => (await readerOf(spec)).open(spec));
  return opened && { ...train, role: "ood", name: "unknown", spec, source: opened, opened };
}

/** What unreadable images come to: more than may be left out, or a class that becomes too small without them. */
function unreadableProblems(
  { role, spec, source }: SurveyedSet,
  unreadable: readonly Skipped[],
  { plan }: Preflight,
  limits: Pick<Configuration["data"], "skipBad" | "maxPixels">,
): OalError[] {
  const bad = badImages(unreadable, spec, limits);
  if (role !== "train" || bad.length > 0 || unreadable.length === 0) return bad;
  const lost = new Set(unreadable.map(({ id }) => id));
  const labels = source.labels.filter((_, i) => !lost.has(source.ids[i] ?? ""));
  const counts = classCounts({ labels, classNames: source.classNames });
  const small = smallClasses(placeOf(spec), source.classNames, counts, plan.shares);
  return small ? [small] : [];
}

function classesOf({ plan, sets }: Preflight): InspectedClass[] {
  const counts = (role: SurveyedSet["role"]): number[] | undefined => {
    const set = sets.find((each) => each.role === role);
    return set && classCounts(set.source);
  };
  const [own, validation, test] = [counts("train") ?? [], counts("validation"), counts("test")];
  const names = sets.find(({ role }) => role === "train")?.source.classNames ?? [];
  return names.map((name, label) => {
    const images = own[label] ?? 0;
    const parts = partCounts(images, plan.shares);
    return {
      name,
      images,
      train: Math.max(0, parts.train),
      validation: validation?.[label] ?? Math.min(images, parts.validation),
      test: test?.[label] ?? Math.min(images, parts.test),
    };
  });
}
