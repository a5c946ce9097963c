/** The image sets of a run: drawn here, or decoded into the cache. */
import { join } from "node:path";
import { oalError, type OalError } from "oal-core";
import { orientationFor, prepareImageSet, type PrepareOptions } from "../data/cache.js";
import type { Skipped } from "../data/badImages.js";
import { readSetManifest } from "../data/cachedSet.js";
import { cacheFolder } from "../data/cacheFolder.js";
import type { OrientationUse } from "../data/decode.js";
import type { ImageSet } from "../data/imageSet.js";
import { classCounts, collecting, placeOf, throwProblems } from "../data/problems.js";
import { leftOutName, withoutClass } from "../data/leaveOut.js";
import { completeParts, smallClasses } from "../data/split.js";
import type { Preprocessing } from "../bundle/index.js";
import type { LoadedModel } from "../models/load.js";
import type { Configuration } from "./configuration/schema.js";
import type { Workshop } from "./plan/obtain.js";
import type { Preflight } from "./preflight.js";
import { drawnData } from "./stages/drawnData.js";

/** What a run does without of one source: unreadable pictures, and files that are no pictures, by reason. */
export interface LeftOut {
  readonly set: string;
  readonly unreadable: readonly Skipped[];
  readonly passedOver: Readonly<Record<string, number>>;
}

/** The sets of a run, wherever they lie. */
export interface LooseData {
  /** What was done with the EXIF orientation of the training images. */
  readonly orientation: OrientationUse;
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
  /** What was left out of every source; none for drawn sets. */
  readonly leftOut: readonly LeftOut[];
  /** Keys of artifacts that hold some of the sets, by role. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly ood: readonly {
    readonly name: string;
    readonly group: "validation" | "near" | "far";
    readonly set: ImageSet;
  }[];
}

/**
 * How the cache decodes the images of a configuration.
 *
 * @param model the model that they are for, whose rule of resizing then holds
 */
export function prepareOptions({ data }: Pick<Configuration, "data">, model?: LoadedModel): PrepareOptions {
  const { skipBad, orientation, maxPixels } = data;
  const { crop: size, resize, interpolation } = picturesFor(data.size, model);
  return { cacheDir: cacheFolder(), size, resize, interpolation, skipBad, orientation, maxPixels };
}

/** The rule by which pictures are resized: the model's own, or that of every network of ours. */
export function picturesFor(
  size: number,
  model?: LoadedModel,
): Pick<Preprocessing, "resize" | "crop" | "interpolation"> {
  if (!model) return { resize: size, crop: size, interpolation: "bilinear" };
  const { resize, crop, interpolation } = model.preprocessing;
  return { resize, crop, interpolation };
}

/** Draws or decodes every set of a run. What cannot be used is told at once for all sources. */
export async function readSets(
  config: Configuration,
  { plan, sets, models }: Preflight,
  workshop: Workshop,
): Promise<LooseData> {
  const events = workshop.events.stage("data");
  const problems: OalError[] = [];
  const made = new Map<string, ImageSet>();
  for (const { role, name, spec, opened, key } of sets) {
    const options: PrepareOptions = {
      ...prepareOptions(config, models.init),
      spareDir: join(workshop.store.folder, "sets"),
      signal: workshop.signal,
      onProgress: (done, total) => {
        events.progress(done, total, { text: `reading ${name}` });
      },
      onWarning: (text) => events.warning(text),
    };
    const set = await collecting(problems, () => prepareImageSet(spec, options, { opened, key }));
    // a set of unknowns may be called as a part of the known ones
    if (set) made.set(role === "ood" ? `ood/${name}` : name, set);
  }
  const train = made.get("train");
  if (train && plan.parts) {
    // unreadable images that were left out may have made a class too small
    const counts = classCounts(train);
    const small = smallClasses(placeOf(plan.parts.train), train.classNames, counts, plan.shares);
    if (small) problems.push(small);
  }
  throwProblems(problems, config.data.source);
  if (plan.parts === null) return drawnData(config, workshop);
  if (!train) throw oalError("OAL-X101", { problem: "there are no training images, and nothing says why" });
  const parts = { validation: made.get("validation"), test: made.get("test") };
  const complete = completeParts(train, parts, config.seed, plan.shares);
  const { leaveOut } = config.data;
  const split = leaveOut === undefined ? undefined : withoutClass(complete, leaveOut);
  const known = split?.known ?? complete;
  const leftOut = split ? [{ name: leftOutName, group: "near" as const, set: split.leftOut }] : [];
  const given = plan.ood.flatMap(({ name, group }) => {
    const set = made.get(`ood/${name}`);
    return set ? [{ name, group, set }] : [];
  });
  const standIn = given.length === 0 && config.data.embeddedOod && config.data.size === 32;
  const orientation = await orientationFor(plan.parts.train, config.data.orientation);
  return {
    ...known,
    orientation,
    leftOut: [...made].flatMap(([name, set]) => leftOutOf(name.replace(/^ood\//, ""), set)),
    ...(standIn && leftOut.length === 0
      ? await drawnUnknowns(config, workshop)
      : { ood: [...leftOut, ...given], inputs: {} }),
  };
}

function leftOutOf(name: string, { folder }: ImageSet): LeftOut[] {
  if (folder === undefined) return [];
  const { skipped, passedOver = {} } = readSetManifest(folder);
  return skipped.length === 0 && Object.keys(passedOver).length === 0
    ? []
    : [{ set: name, unreadable: skipped, passedOver }];
}

/** What stands in for OOD sets when the user gives none: drawn pictures that no photo class contains. */
async function drawnUnknowns(
  config: Configuration,
  workshop: Workshop,
): Promise<Pick<LooseData, "ood" | "inputs">> {
  const embedded = { ...config.data.embedded, train: 20, validation: 20, test: 20 };
  const { ood, inputs } = await drawnData({ ...config, data: { ...config.data, embedded } }, workshop);
  return { inputs, ood: ood.filter(({ group }) => group !== "near") };
}
