/**
 * Stage "data": every set of the run as decoded shards. Sources are decoded once into the cache; sets that do not lie in
 * a folder of their own (drawn in memory, or split off) are stored in the stage's artifact.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { normalisations, oalError, type Normalisation } from "oal-core";
import { z } from "zod";
import type { Preprocessing } from "../../bundle/index.js";
import { openImageSet } from "../../data/cachedSet.js";
import type { OrientationUse } from "../../data/decode.js";
import type { ImageSet } from "../../data/imageSet.js";
import { isWithheld } from "../../data/withheld.js";
import type { UnknownGroup } from "../../evaluation/result.js";
import { findOverlap, measureNormalisation } from "../../data/statistics.js";
import { storeImageSet } from "../../data/storeSet.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import type { StageEvents } from "../events.js";
import { prepare, type DataStage } from "../plan/dataStage.js";
import type { Workshop } from "../plan/obtain.js";
import type { Preflight } from "../preflight.js";
import { teacherViews, type KnownSets } from "./teacherViews.js";
import { picturesFor, readSets, type LeftOut, type LooseData } from "../readSets.js";

/** File with class names, the training images' normalisation, and figures of the sets. */
const dataFile = "data.json";

/** A set and the folder another thread can open it from. */
export interface StoredSet {
  readonly set: ImageSet;
  readonly folder: string;
}

/** A set of unknown images with its group. */
export interface OutOfDistributionSet extends StoredSet {
  readonly name: string;
  readonly group: UnknownGroup;
}

/** Everything a run computes with. */
export interface PreparedData {
  readonly train: StoredSet;
  readonly validation: StoredSet;
  readonly test: StoredSet;
  readonly ood: readonly OutOfDistributionSet[];
  /** Real outlier pictures to train on, as they were read. */
  readonly outliers?: StoredSet;
  readonly classNames: readonly string[];
  readonly normalisation: Normalisation;
  /** By which rule pictures were resized. */
  readonly pictures: Pick<Preprocessing, "resize" | "crop" | "interpolation">;
  /** What was done with the EXIF orientation of the training images, to be done with pictures that are scored later. */
  readonly orientation: OrientationUse;
  /** What was left out of every source. */
  readonly leftOut: readonly LeftOut[];
  /** The known pictures by the rule of a teacher of someone else, where it is another; row by row those above. */
  readonly teacher?: KnownSets;
  readonly artifact: Artifact;
}

const channels = z.tuple([z.number(), z.number(), z.number()]);
const dataSchema = z.object({ normalisation: z.object({ mean: channels, std: channels }) });

/** The training images' normalisation, as it was measured. @throws OAL-I103 when the file is damaged */
async function readNormalisation({ folder }: Artifact): Promise<Normalisation> {
  const path = join(folder, dataFile);
  try {
    return dataSchema.parse(JSON.parse(await readFile(path, "utf8"))).normalisation;
  } catch (error) {
    throw oalError("OAL-I103", { path, problem: "it holds no normalisation" }, error);
  }
}

/** What the stage is made of: the sets of a run, and its seed. */
interface GivenData {
  readonly loose: LooseData;
  readonly seed: number;
}

/** Every set by its name in the artifact. */
function setsOf({ train, validation, test, ood }: LooseData): Readonly<Record<string, ImageSet>> {
  const unknown = ood.map(({ name, set }): [string, ImageSet] => [`ood-${name}`, set]);
  return { train, validation, ...(isWithheld(test) ? {} : { test }), ...Object.fromEntries(unknown) };
}

/** Keeps the sets that lie nowhere else, and measures them. */
export const dataStage: DataStage<GivenData> = {
  id: "data",
  version: 2,
  title: "every set of the run, decoded",
  slice: ({ loose: { train, ood } }) => ({
    classNames: train.classNames,
    groups: ood.map(({ name, group }) => [name, group]),
  }),
  seed: ({ seed }) => seed,
  inputs: ({ loose }) => loose.inputs,
  sets: ({ loose }) => setsOf(loose),
  async run({ loose }, { folder, events }) {
    const all = Object.entries(setsOf(loose));
    for (const [name, set] of all)
      if (set.folder === undefined) await storeImageSet(set, join(folder, "sets", name));
    warnOverlaps(loose, events);
    const { classNames } = loose.train;
    const sets = all.map(([name, set]) => ({
      name,
      count: set.count,
      classes: set.classNames.length,
      hash: set.contentHash,
    }));
    // measured here, once: a pass over every pixel
    const normalisation = measureNormalisation(loose.train);
    await writeFile(join(folder, dataFile), JSON.stringify({ classNames, normalisation, sets }, null, 2));
    return { metrics: Object.fromEntries(all.map(([name, set]) => [name, set.count])) };
  },
};

/**
 * Prepares every set that was looked at before (`refuseEarly`), or finds it.
 *
 * @param name  what the run calls it: "data", "data.seed1"
 */
export async function prepareData(
  config: Configuration,
  ahead: Preflight,
  workshop: Workshop,
  name = dataStage.id,
): Promise<PreparedData> {
  const { init } = ahead.models;
  const loose = await readSets(config, ahead, workshop);
  const { classNames } = loose.train;
  const artifact = await prepare(dataStage, { loose, seed: config.seed }, workshop, name);
  const stored = (name: string, set: ImageSet): StoredSet => {
    if (isWithheld(set)) return { folder: "", set };
    const folder = set.folder ?? join(artifact.folder, "sets", name);
    return { folder, set: set.folder === undefined ? openImageSet(folder, set.name) : set };
  };
  const train = stored("train", loose.train);
  const images = loose.train.count + loose.validation.count + loose.test.count;
  const views = await teacherViews(config, ahead, workshop, images);
  return {
    train,
    validation: stored("validation", loose.validation),
    test: stored("test", loose.test),
    ...(loose.outliers ? { outliers: stored("outliers", loose.outliers) } : {}),
    ood: loose.ood.map(({ name, group, set }) => ({ name, group, ...stored(`ood-${name}`, set) })),
    classNames,
    normalisation:
      config.data.normalisation === "measured"
        ? await readNormalisation(artifact)
        : normalisations[config.data.normalisation],
    pictures: picturesFor(config.data.size, init),
    orientation: loose.orientation,
    leftOut: loose.leftOut,
    ...(views ? { teacher: views } : {}),
    artifact,
  };
}

/** Images that two parts share would count as both: the report must say so. */
function warnOverlaps({ train, validation, test, ood }: LooseData, events: StageEvents): void {
  const parts = { training: train, validation, test };
  const unknown = ood.map(({ name, set }) => [name, set] as const);
  const warn = (known: string, a: ImageSet, other: string, b: ImageSet): void => {
    const shared = a === b || isWithheld(a) || isWithheld(b) ? 0 : findOverlap(a, b);
    if (shared > 0) events.warning(`${shared} image(s) of ${other} are also ${known} images (OAL-D201)`);
  };
  warn("training", train, "validation", validation);
  warn("training", train, "test", test);
  for (const [known, part] of Object.entries(parts))
    for (const [name, set] of unknown) warn(known, part, name, set);
}
