/**
 * Stage "data": every set of the run as decoded shards. Sources are decoded once into the cache; sets that do not lie in
 * a folder of their own (drawn in memory, or split off) are stored in the stage's artifact.
 */
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { normalisations, type Normalisation } from "oal-core";
import { openImageSet } from "../../data/cachedSet.js";
import { prepareImageSet, type PrepareOptions } from "../../data/cache.js";
import { makeEmbeddedSets, type EmbeddedSet } from "../../data/embedded/index.js";
import { memoryImageSet, type ImageSet } from "../../data/imageSet.js";
import type { SourceSpec } from "../../data/readers/reader.js";
import { partFor, prepareSplits } from "../../data/split.js";
import { findOverlap, measureNormalisation } from "../../data/statistics.js";
import { storeImageSet } from "../../data/storeSet.js";
import type { Artifact } from "../artifact.js";
import type { Configuration, ImageSetConfiguration } from "../configuration/schema.js";
import type { StageEvents } from "../events.js";
import { runStage } from "../stage.js";
import type { StageContext } from "./context.js";

/** A set and the folder another thread can open it from. */
export interface StoredSet {
  readonly set: ImageSet;
  readonly folder: string;
}

/** A set of unknown images with its group. */
export interface OutOfDistributionSet extends StoredSet {
  readonly name: string;
  readonly group: "validation" | "near" | "far";
}

/** Everything a run computes with. */
export interface PreparedData {
  readonly train: StoredSet;
  readonly validation: StoredSet;
  readonly test: StoredSet;
  readonly ood: readonly OutOfDistributionSet[];
  readonly classNames: readonly string[];
  readonly normalisation: Normalisation;
  readonly artifact: Artifact;
}

interface LooseData {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
  readonly ood: readonly {
    readonly name: string;
    readonly group: OutOfDistributionSet["group"];
    readonly set: ImageSet;
  }[];
}

/** Folder of the decoded-set cache: $OAL_CACHE, else the user's cache folder. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["OAL_CACHE"] ?? join(base, "oal", "sets");
}

/** Prepares every set, or finds it. */
export async function dataStage(context: StageContext): Promise<PreparedData> {
  const { config, run, signal } = context;
  const events = run.events.stage("data");
  const loose =
    config.data.source === "embedded" ? embeddedData(config) : await fileData(config, events, signal);
  const classNames = loose.train.classNames;
  const all: readonly [string, ImageSet][] = [
    ["train", loose.train],
    ["validation", loose.validation],
    ["test", loose.test],
    ...loose.ood.map(({ name, set }): [string, ImageSet] => [`ood-${name}`, set]),
  ];
  const artifact = await runStage(
    run,
    {
      name: "data",
      version: 1,
      slice: { classNames, groups: loose.ood.map(({ name, group }) => [name, group]) },
      inputs: {},
      data: Object.fromEntries(all.map(([name, set]) => [name, set.contentHash])),
      body: async (folder) => {
        for (const [name, set] of all)
          if (set.folder === undefined) storeImageSet(set, join(folder, "sets", name));
        warnOverlaps(loose, events);
        const summary = all.map(([name, set]) => ({
          name,
          count: set.count,
          classes: set.classNames.length,
          hash: set.contentHash,
        }));
        await writeFile(join(folder, "data.json"), JSON.stringify({ classNames, sets: summary }, null, 2));
        return { metrics: Object.fromEntries(all.map(([name, set]) => [name, set.count])) };
      },
    },
    signal,
  );
  const stored = (name: string, set: ImageSet): StoredSet => {
    const folder = set.folder ?? join(artifact.folder, "sets", name);
    return { folder, set: set.folder === undefined ? openImageSet(folder, set.name) : set };
  };
  const train = stored("train", loose.train);
  return {
    train,
    validation: stored("validation", loose.validation),
    test: stored("test", loose.test),
    ood: loose.ood.map(({ name, group, set }) => ({ name, group, ...stored(`ood-${name}`, set) })),
    classNames,
    normalisation:
      config.data.normalisation === "measured"
        ? measureNormalisation(train.set)
        : normalisations[config.data.normalisation],
    artifact,
  };
}

function embeddedData(config: Configuration): LooseData {
  const sets = makeEmbeddedSets({ seed: config.seed, sizes: config.data.embedded });
  const image = (set: EmbeddedSet): ImageSet =>
    memoryImageSet(
      set.name,
      set.pixels,
      set.labels,
      set.classNames,
      set.sources.map((source, i) => `${i}/${source}`),
    );
  return {
    train: image(sets.train),
    validation: image(sets.validation),
    test: image(sets.test),
    ood: [
      { name: "validation", group: "validation", set: image(sets.validationOod) },
      ...Object.entries(sets.near).map(([name, set]) => ({ name, group: "near" as const, set: image(set) })),
      ...Object.entries(sets.far).map(([name, set]) => ({ name, group: "far" as const, set: image(set) })),
    ],
  };
}

async function fileData(config: Configuration, events: StageEvents, signal: AbortSignal): Promise<LooseData> {
  const { data } = config;
  const options = (what: string): PrepareOptions => ({
    cacheDir: cacheFolder(),
    size: data.size,
    skipBad: data.skipBad,
    onProgress: (done, total) => {
      signal.throwIfAborted();
      events.progress(done, total, { text: `reading ${what}` });
    },
    onWarning: (text) => events.warning(text),
  });
  const source = (
    name: string,
    where: ImageSetConfiguration | undefined,
    more: Partial<SourceSpec> = {},
  ): SourceSpec => ({
    name,
    path: where ? resolve(data.source, where.path) : resolve(data.source),
    ...(where?.list === undefined ? {} : { list: resolve(data.source, where.list) }),
    ...(where?.split === undefined ? {} : { split: where.split }),
    ...(where?.limit === undefined ? {} : { limit: where.limit }),
    ...more,
  });
  const given = async (
    name: "validation" | "test",
    where: ImageSetConfiguration | undefined,
    classes?: readonly string[],
  ): Promise<ImageSet | null> =>
    where
      ? prepareImageSet(await partFor(source(name, where, classes ? { classes } : {}), name), options(name))
      : null;
  const shares = { validation: data.validationFraction, test: data.testFraction };
  const wholeNeeded = !(data.validation && data.test);
  const split = wholeNeeded
    ? await prepareSplits(source("id", data.id), options("id"), config.seed, shares)
    : null;
  const train =
    split?.train ??
    (await prepareImageSet(await partFor(source("train", data.id), "train"), options("train")));
  const validation =
    (await given("validation", data.validation, train.classNames)) ?? split?.validation ?? train;
  const test = (await given("test", data.test, train.classNames)) ?? split?.test ?? train;
  const ood: LooseData["ood"][number][] = [];
  for (const { name, group, ...where } of data.ood) {
    ood.push({
      name,
      group,
      set: await prepareImageSet(await partFor(source(name, where, { labels: "ood" }), "ood"), options(name)),
    });
  }
  if (ood.length === 0 && data.embeddedOod && data.size === 32) ood.push(...embeddedUnknowns(config));
  return { train, validation, test, ood };
}

/** What stands in for OOD sets when the user gives none: drawn pictures that no photo class contains. */
function embeddedUnknowns(config: Configuration): LooseData["ood"] {
  const { ood } = embeddedData({
    ...config,
    data: { ...config.data, embedded: { ...config.data.embedded, train: 20, validation: 20, test: 20 } },
  });
  return ood.filter(({ group }) => group !== "near");
}

/** Images that two parts share would count as both: the report must say so. */
function warnOverlaps({ train, validation, test, ood }: LooseData, events: StageEvents): void {
  const parts = { training: train, validation, test };
  const unknown = ood.map(({ name, set }) => [name, set] as const);
  const warn = (known: string, a: ImageSet, other: string, b: ImageSet): void => {
    const shared = a === b ? 0 : findOverlap(a, b);
    if (shared > 0) events.warning(`${shared} image(s) of ${other} are also ${known} images (OAL-D201)`);
  };
  warn("training", train, "validation", validation);
  warn("training", train, "test", test);
  for (const [known, part] of Object.entries(parts))
    for (const [name, set] of unknown) warn(known, part, name, set);
}
