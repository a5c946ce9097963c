/** The image sets of a run: drawn here, or decoded into the cache. */
import { oalError, type OalError } from "oal-core";
import { orientationFor, prepareImageSet, type PrepareOptions } from "../data/cache.js";
import { cacheFolder } from "../data/cacheFolder.js";
import type { OrientationUse } from "../data/decode.js";
import { makeEmbeddedSets, type EmbeddedSet } from "../data/embedded/index.js";
import { memoryImageSet, type ImageSet } from "../data/imageSet.js";
import { classCounts, collecting, placeOf, throwProblems } from "../data/problems.js";
import { completeParts, smallClasses } from "../data/split.js";
import type { Configuration } from "./configuration/schema.js";
import type { StageEvents } from "./events.js";
import type { Preflight } from "./preflight.js";

/** The sets of a run, wherever they lie. */
export interface LooseData {
  /** What was done with the EXIF orientation of the training images. */
  readonly orientation: OrientationUse;
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
  readonly ood: readonly {
    readonly name: string;
    readonly group: "validation" | "near" | "far";
    readonly set: ImageSet;
  }[];
}

/** How the cache decodes the images of a configuration. */
export function prepareOptions({ data }: Pick<Configuration, "data">): PrepareOptions {
  const { size, skipBad, orientation, maxPixels } = data;
  return { cacheDir: cacheFolder(), size, skipBad, orientation, maxPixels };
}

/** Draws or decodes every set of a run. What cannot be used is told at once for all sources. */
export async function readSets(
  config: Configuration,
  { plan, sets }: Preflight,
  events: StageEvents,
  { signal, spareDir }: Pick<PrepareOptions, "signal" | "spareDir"> = {},
): Promise<LooseData> {
  const problems: OalError[] = [];
  const made = new Map<string, ImageSet>();
  for (const { role, name, spec, opened, key } of sets) {
    const options: PrepareOptions = {
      ...prepareOptions(config),
      spareDir,
      signal,
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
  if (plan.parts === null) return embeddedData(config);
  if (!train) throw oalError("OAL-X101", { problem: "there are no training images, and nothing says why" });
  const parts = { validation: made.get("validation"), test: made.get("test") };
  const known = completeParts(train, parts, config.seed, plan.shares);
  const given = plan.ood.flatMap(({ name, group }) => {
    const set = made.get(`ood/${name}`);
    return set ? [{ name, group, set }] : [];
  });
  const standIn = given.length === 0 && config.data.embeddedOod && config.data.size === 32;
  const orientation = await orientationFor(plan.parts.train, config.data.orientation);
  return { ...known, orientation, ood: standIn ? embeddedUnknowns(config) : given };
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
    // drawn upright: photos that are scored later have to be
    orientation: config.data.orientation === "ignore" ? "ignore" : "apply",
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

/** What stands in for OOD sets when the user gives none: drawn pictures that no photo class contains. */
function embeddedUnknowns(config: Configuration): LooseData["ood"] {
  const { ood } = embeddedData({
    ...config,
    data: { ...config.data, embedded: { ...config.data.embedded, train: 20, validation: 20, test: 20 } },
  });
  return ood.filter(({ group }) => group !== "near");
}
