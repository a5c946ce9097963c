/** Which sources the data section names, what each is for, and what they hold: everything that can be known before an image is decoded. */
import { resolve } from "node:path";
import { oalError, type OalError } from "oal-core";
import { spacedPositions } from "../data/badImages.js";
import { findCached, type PrepareOptions } from "../data/cache.js";
import { classCounts, collecting, placeOf, sourceProblems } from "../data/problems.js";
import { readerOf } from "../data/readers/index.js";
import type { OpenSource, Reader, SourceSpec } from "../data/readers/reader.js";
import { partFor, partsOf, smallClasses, type PartSources, type SetRole } from "../data/split.js";
import { mayChoose, type UnknownGroup } from "../evaluation/result.js";
import { realOutliersOf } from "./recipeNeeds.js";
import type { Configuration, ImageSetConfiguration } from "./configuration/schema.js";

/** A set of unknown images and its source. */
export interface PlannedUnknowns {
  readonly name: string;
  readonly group: UnknownGroup;
  readonly spec: SourceSpec;
}

/** The sources of a run. */
export interface DataPlan {
  /** Sources of the known classes; null for the embedded data set. */
  readonly parts: PartSources | null;
  /** Shares of every class that are split off the training images; 0 for a part with a source of its own. */
  readonly shares: { readonly validation: number; readonly test: number };
  readonly ood: readonly PlannedUnknowns[];
  /** Real outlier pictures that students are trained on; absent: none. */
  readonly outliers?: SourceSpec;
  /** False where settings are chosen: then no set of the test is named here, and none is opened. */
  readonly withTest: boolean;
}

/** One source as it was found. */
export interface SurveyedSet {
  readonly role: SetRole;
  /** "train", "validation", "test", or the name of the set of unknowns. */
  readonly name: string;
  readonly spec: SourceSpec;
  readonly reader: Pick<Reader, "id" | "title">;
  /** Ids, labels and classes of the images that are used: `limit` of them. */
  readonly source: Pick<OpenSource, "ids" | "labels" | "classNames">;
  /** The opened source; absent when the cache knew enough. */
  readonly opened?: OpenSource;
  /** The source's key in the cache that was asked. */
  readonly key?: string;
}

/**
 * Finds the sources that a configuration names. Problems (paths that do not exist, parts that are missing) are added to `problems`.
 *
 * @param withTest whether sets of the test are among them
 */
export async function planData(
  config: Configuration,
  problems: OalError[],
  withTest = true,
): Promise<DataPlan> {
  const { data } = config;
  const root = data.source === "embedded" ? process.cwd() : resolve(data.source);
  const source = (
    name: string,
    where: ImageSetConfiguration | undefined,
    more: Partial<SourceSpec> = {},
  ): SourceSpec => ({
    name,
    path: where ? resolve(root, where.path) : root,
    ...(where?.list === undefined ? {} : { list: resolve(root, where.list) }),
    ...(where?.split === undefined ? {} : { split: where.split }),
    ...(where?.limit === undefined ? {} : { limit: where.limit }),
    ...more,
  });
  const own = (role: "validation" | "test"): Promise<SourceSpec | undefined> | undefined => {
    const where = data[role];
    return where && collecting(problems, () => partFor(source(role, where), role));
  };
  const ood: PlannedUnknowns[] = [];
  for (const { name, group, ...where } of data.ood) {
    if (!withTest && !mayChoose(group)) continue;
    const spec = await collecting(problems, () => partFor(source(name, where, { labels: "ood" }), "ood"));
    if (spec) ood.push({ name, group, spec });
  }
  const real = realOutliersOf(config);
  const outliers =
    real &&
    (await collecting(problems, () => partFor(source("outliers", real, { labels: "ood" }), "outliers")));
  const unknown = { ood, withTest, ...(outliers ? { outliers } : {}) };
  if (data.source === "embedded") return { parts: null, shares: { validation: 0, test: 0 }, ...unknown };
  const found = await collecting(problems, () => partsOf(source("id", data.id)));
  const validation = data.validation ? await own("validation") : found?.validation;
  const test = !withTest ? undefined : data.test ? await own("test") : found?.test;
  const parts = found && {
    train: found.train,
    ...(validation ? { validation } : {}),
    ...(test ? { test } : {}),
  };
  return {
    parts: parts ?? null,
    shares: {
      validation: (data.validation ?? found?.validation) ? 0 : data.validationFraction,
      test: (data.test ?? found?.test) ? 0 : data.testFraction,
    },
    ...unknown,
  };
}

/**
 * Opens every source of a plan without decoding, training images first. What is wrong is added to `problems`.
 *
 * @param cache  where decoded sets may lie already, which saves reading their sources
 * @param onOpen  called before a source is opened, with its number and the count of all
 */
export async function surveyData(
  { parts, shares, ood, outliers }: DataPlan,
  problems: OalError[],
  {
    cache,
    onOpen,
  }: { cache?: PrepareOptions; onOpen?: (name: string, done: number, total: number) => void } = {},
): Promise<SurveyedSet[]> {
  const sets: SurveyedSet[] = [];
  const known = parts
    ? (["train", "validation", "test"] as const).flatMap((role) => {
        const spec = parts[role];
        return spec ? [{ role, name: role, spec }] : [];
      })
    : [];
  const all: readonly Pick<SurveyedSet, "role" | "name" | "spec">[] = [
    ...known,
    ...ood.map(({ name, spec }) => ({ role: "ood" as const, name, spec })),
    ...(outliers ? [{ role: "outliers" as const, name: "outliers", spec: outliers }] : []),
  ];
  let train: SurveyedSet | undefined;
  for (const [done, { role, name, spec }] of all.entries()) {
    onOpen?.(name, done, all.length);
    // without training classes the other parts can only be looked at for what they are
    const classes = train ? { classes: spec.classes ?? train.source.classNames } : { labels: "ood" as const };
    const asked = role === "validation" || role === "test" ? { ...spec, ...classes } : spec;
    const set = await collecting(problems, () => surveySource({ role, name, spec: asked }, cache));
    if (!set) continue;
    sets.push(set);
    problems.push(...sourceProblems(set.source, set.spec));
    if (role !== "train") continue;
    train = set;
    const small = smallClasses(placeOf(spec), set.source.classNames, classCounts(set.source), shares);
    if (small) problems.push(small);
  }
  return sets;
}

async function surveySource(
  set: Pick<SurveyedSet, "role" | "name" | "spec">,
  cache: PrepareOptions | undefined,
): Promise<SurveyedSet> {
  const reader = await readerOf(set.spec);
  const { key, found } = cache ? await findCached(set.spec, cache) : {};
  const known = { ...set, reader, ...(key === undefined ? {} : { key }) };
  if (found) return { ...known, source: found };
  const opened = await reader.open(set.spec);
  if (opened.ids.length === 0 && !opened.problems?.length)
    throw oalError("OAL-D103", { path: placeOf(set.spec), what: "no image found" });
  return { ...known, source: withinLimit(opened, set.spec.limit), opened };
}

/** What `limit` leaves of a source. */
function withinLimit(source: OpenSource, limit: number | undefined): OpenSource {
  if (limit === undefined) return source;
  const positions = spacedPositions(source.ids.length, limit);
  return {
    ...source,
    ids: positions.map((position) => source.ids[position] ?? ""),
    labels: Int32Array.from(positions, (position) => source.labels[position] ?? -1),
  };
}
