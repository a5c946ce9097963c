/**
 * The embedded sets, drawn in this process once: an artifact per part, whose key needs no drawing. Parts are apart so that a search of
 * settings draws and opens what may choose them, and nothing of the test.
 */
import { join } from "node:path";
import { openImageSet } from "../../data/cachedSet.js";
import {
  embeddedOodNames,
  makeEmbeddedPart,
  sizesOfPart,
  type EmbeddedPart,
  type EmbeddedSet,
} from "../../data/embedded/index.js";
import { usualSize } from "../../data/embedded/draws.js";
import { memoryImageSet, type ImageSet } from "../../data/imageSet.js";
import { withheldSet } from "../../data/withheld.js";
import { storeImageSet } from "../../data/storeSet.js";
import type { Configuration } from "../configuration/schema.js";
import { prepare, type DataStage } from "../plan/dataStage.js";
import type { Workshop } from "../plan/obtain.js";
import type { LooseData, LooseUnknowns } from "../readSets.js";

/** What decides them. */
type DrawnFrom = Pick<Configuration, "data" | "seed">;

/** Sides of drawn pictures: those of a user's own, to stand beside them. */
function sideOf({ data }: Pick<Configuration, "data">): number {
  return data.source === "embedded" ? usualSize : data.size;
}

/** How many pictures are drawn: of other sides than the usual ones as many as make equal rows. */
function numbersOf(config: DrawnFrom): Configuration["data"]["embedded"] {
  const { embedded } = config.data;
  const share = usualSize / sideOf(config);
  const number = (count: number): number => Math.max(leastDrawn, Math.round(count * Math.min(1, share)));
  return { ...embedded, validationOod: number(embedded.validationOod), ood: number(embedded.ood) };
}

/** Fewest pictures of a set: what a configuration may ask for. */
const leastDrawn = 20;

function drawnStage(part: EmbeddedPart, title: string): DataStage<DrawnFrom> {
  return {
    id: `data:drawn-${part}`,
    version: 1,
    title,
    slice: (config) => {
      const [sizes, side] = [numbersOf(config), sideOf(config)];
      return {
        ...Object.fromEntries(sizesOfPart[part].map((size) => [size, sizes[size]])),
        ...(side === usualSize ? {} : { side }),
      };
    },
    seed: ({ seed }) => seed,
    inputs: () => ({}),
    sets: () => ({}),
    async run(config, { folder }) {
      const { seed } = config;
      for (const [name, set] of makeEmbeddedPart(part, {
        seed,
        sizes: numbersOf(config),
        side: sideOf(config),
      }))
        await storeImageSet(imageSetOf(set), join(folder, name));
    },
  };
}

function imageSetOf({ name, pixels, labels, classNames, sources }: EmbeddedSet): ImageSet {
  const ids = sources.map((source, i) => `${i}/${source}`);
  return memoryImageSet(name, pixels, labels, classNames, ids);
}

/** Draw the embedded sets, one stage per part. */
export const drawnStages = {
  known: drawnStage("known", "the embedded digits to train and validate by, drawn"),
  choosing: drawnStage("choosing", "the embedded unknowns that settings may be chosen by, drawn"),
  test: drawnStage("test", "the embedded digits of the test, drawn"),
  unknown: drawnStage("unknown", "the embedded unknowns of the test, drawn"),
} as const satisfies Record<EmbeddedPart, DataStage<DrawnFrom>>;

/** A part that is there. */
interface DrawnPart {
  readonly key: string;
  readonly open: (name: string) => ImageSet;
}

async function drawn(part: EmbeddedPart, config: DrawnFrom, workshop: Workshop): Promise<DrawnPart> {
  const { folder, key } = await prepare(drawnStages[part], config, workshop);
  return { key, open: (name) => openImageSet(join(folder, name)) };
}

/**
 * Draws the embedded sets, or finds them.
 *
 * @param withTest whether to draw those of the test; else the test set is withheld and its unknowns are not there
 */
export async function drawnData(
  config: DrawnFrom,
  workshop: Workshop,
  withTest: boolean,
): Promise<LooseData> {
  const known = await drawn("known", config, workshop);
  const test = withTest ? await drawn("test", config, workshop) : null;
  const choosing = await drawnChoosers(config, workshop);
  const unknown = withTest ? await drawnUnknowns(config, workshop) : null;
  return {
    // drawn upright: photos that are scored later have to be
    orientation: config.data.orientation === "ignore" ? "ignore" : "apply",
    train: known.open("train"),
    validation: known.open("validation"),
    test: test?.open("test") ?? withheldSet("test"),
    inputs: {
      drawn: known.key,
      ...choosing.inputs,
      ...(test ? { test: test.key } : {}),
      ...unknown?.inputs,
    },
    leftOut: [],
    ood: [...choosing.ood, ...(unknown?.ood ?? [])],
  };
}

/** The unknown pictures that settings may be chosen by; near ones only beside digits. */
export async function drawnChoosers(config: DrawnFrom, workshop: Workshop): Promise<LooseUnknowns> {
  const { key, open } = await drawn("choosing", config, workshop);
  return {
    inputs: { choosing: key },
    ood: [
      ...(sideOf(config) === usualSize
        ? [{ name: "val_signs", group: "validation-near" as const, set: open("signs") }]
        : []),
      { name: "val_drawings", group: "validation-far", set: open("drawings") },
    ],
  };
}

/** The unknown pictures of the test: near ones, letters and other scripts, only beside digits. */
export async function drawnUnknowns(config: DrawnFrom, workshop: Workshop): Promise<LooseUnknowns> {
  const { key, open } = await drawn("unknown", config, workshop);
  const groups = config.data.source === "embedded" ? (["near", "far"] as const) : (["far"] as const);
  return {
    inputs: { unknown: key },
    ood: groups.flatMap((group) => embeddedOodNames[group].map((name) => ({ name, group, set: open(name) }))),
  };
}
