/** The image sets of a run: drawn here, or decoded into the cache. */
import { join } from "node:path";
import { oalError, type OalError } from "oal-core";
import { orientationFor, prepareImageSet, type PrepareOptions } from "../data/cache.js";
import type { Skipped } from "../data/badImages.js";
import { readSetManifest } from "../data/cachedSet.js";
import { cacheFolder } from "../data/cacheFolder.js";
import type { OrientationUse } from "../data/decode.js";
import { inColoursOf } from "../data/tinted.js";
import type { ImageSet } from "../data/imageSet.js";
import { withheldSet } from "../data/withheld.js";
import { choosingGroups, mayChoose, type UnknownGroup } from "../evaluation/result.js";
import { classCounts, collecting, placeOf, throwProblems } from "../data/problems.js";
import { leftOutName, withoutClass } from "../data/leaveOut.js";
import { completeParts, smallClasses } from "../data/split.js";
import type { Preprocessing } from "../bundle/index.js";
import type { LoadedModel } from "../models/load.js";
import { isDrawn } from "./configuration/choosers.js";
import type { Configuration } from "./configuration/schema.js";
import type { Workshop } from "./plan/obtain.js";
import type { Preflight } from "./preflight.js";
import { drawnChoosers, drawnData, drawnUnknowns } from "./stages/drawnData.js";

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
  readonly ood: readonly UnknownSet[];
  /** Real outlier pictures to train on. */
  readonly outliers?: ImageSet;
}

/** A set of unknown images, with its group. */
export interface UnknownSet {
  readonly name: string;
  readonly group: UnknownGroup;
  readonly set: ImageSet;
}

/** Sets of unknown images, and the artifacts that hold them. */
export type LooseUnknowns = Pick<LooseData, "ood" | "inputs">;

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
  const real = made.get("outliers");
  const outliers = real ? { outliers: real } : {};
  if (plan.parts === null) return { ...(await drawnData(config, workshop, plan.withTest)), ...outliers };
  if (!train) throw oalError("OAL-X101", { problem: "there are no training images, and nothing says why" });
  const isTestOfItsOwn = !plan.withTest && plan.shares.test === 0;
  const parts = {
    validation: made.get("validation"),
    test: isTestOfItsOwn ? withheldSet("test") : made.get("test"),
  };
  const complete = completeParts(train, parts, config.seed, plan.shares);
  const seen = plan.withTest ? complete : { ...complete, test: withheldSet("test") };
  const { leaveOut } = config.data;
  const split = leaveOut === undefined ? undefined : withoutClass(seen, leaveOut);
  const known = split?.known ?? seen;
  const given = plan.ood.flatMap(({ name, group }): UnknownSet[] => {
    const set = made.get(`ood/${name}`);
    return set ? [{ name, group, set }] : [];
  });
  const choosers = await drawnToChoose(config, known.validation, workshop);
  const measured = plan.withTest
    ? await measuredUnknowns(config, split?.leftOut, given, workshop)
    : { ood: [], inputs: {} };
  return {
    ...known,
    orientation: await orientationFor(plan.parts.train, config.data.orientation),
    leftOut: [...made].flatMap(([name, set]) => leftOutOf(name.replace(/^ood\//, ""), set)),
    ...outliers,
    ood: [...given.filter(({ group }) => mayChoose(group)), ...choosers.ood, ...measured.ood],
    inputs: { ...choosers.inputs, ...measured.inputs },
  };
}

/** The sets that are only measured: a class that was left out, those that were given, or drawn ones in their place. */
async function measuredUnknowns(
  config: Configuration,
  leftOut: ImageSet | undefined,
  given: readonly UnknownSet[],
  workshop: Workshop,
): Promise<LooseUnknowns> {
  const ood = [
    ...(leftOut ? [{ name: leftOutName, group: "near" as const, set: leftOut }] : []),
    ...given.filter(({ group }) => !mayChoose(group)),
  ];
  if (ood.length > 0 || !config.data.embeddedOod) return { ood, inputs: {} };
  return drawnUnknowns(config, workshop);
}

/**
 * Drawn pictures for the validation groups that no given set has. Near ones have the colours of known pictures, far ones their own.
 *
 * @param validation the known pictures whose colours near ones get
 */
async function drawnToChoose(
  { data, seed }: Configuration,
  validation: ImageSet,
  workshop: Workshop,
): Promise<LooseUnknowns> {
  const wanted = choosingGroups.filter((group) => isDrawn(data, group));
  if (wanted.length === 0) return { ood: [], inputs: {} };
  const { ood, inputs } = await drawnChoosers({ data, seed }, workshop);
  const drawings = ood.filter(({ group }) => group === "validation-far");
  const near = drawings.map(({ set }): UnknownSet => {
    const tinted = inColoursOf(set, validation, "val_tinted");
    return { name: tinted.name, group: "validation-near", set: tinted };
  });
  return { inputs, ood: [...near, ...drawings].filter(({ group }) => wanted.some((each) => each === group)) };
}

function leftOutOf(name: string, { folder }: ImageSet): LeftOut[] {
  if (folder === undefined) return [];
  const { skipped, passedOver = {} } = readSetManifest(folder);
  return skipped.length === 0 && Object.keys(passedOver).length === 0
    ? []
    : [{ set: name, unreadable: skipped, passedOver }];
}
