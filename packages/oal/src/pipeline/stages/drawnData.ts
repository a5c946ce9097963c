/** The embedded sets, drawn in this process once: an artifact of their own, whose key needs no drawing. */
import { join } from "node:path";
import { openImageSet } from "../../data/cachedSet.js";
import { embeddedOodNames, makeEmbeddedSets, type EmbeddedSet } from "../../data/embedded/index.js";
import { memoryImageSet, type ImageSet } from "../../data/imageSet.js";
import { storeImageSet } from "../../data/storeSet.js";
import type { Configuration } from "../configuration/schema.js";
import { prepare, type DataStage } from "../plan/dataStage.js";
import type { Workshop } from "../plan/obtain.js";
import type { LooseData } from "../readSets.js";

/** Makes the embedded sets. */
export const drawnStage: DataStage<Configuration> = {
  id: "data:drawn",
  version: 1,
  title: "the embedded sets, drawn",
  slice: ({ data }) => ({ sizes: data.embedded }),
  seed: ({ seed }) => seed,
  inputs: () => ({}),
  sets: () => ({}),
  async run({ data, seed }, { folder }) {
    const sets = makeEmbeddedSets({ seed, sizes: data.embedded });
    const store = async (name: string, set: EmbeddedSet): Promise<void> => {
      const ids = set.sources.map((source, i) => `${i}/${source}`);
      const image = memoryImageSet(set.name, set.pixels, set.labels, set.classNames, ids);
      await storeImageSet(image, join(folder, name));
    };
    await store("train", sets.train);
    await store("validation", sets.validation);
    await store("test", sets.test);
    await store("ood/validation", sets.validationOod);
    for (const [name, set] of [...Object.entries(sets.near), ...Object.entries(sets.far)])
      await store(`ood/${name}`, set);
  },
};

/** Draws the embedded sets, or finds them. */
export async function drawnData(config: Configuration, workshop: Workshop): Promise<LooseData> {
  const { data } = config;
  const artifact = await prepare(drawnStage, config, workshop);
  const open = (name: string): ImageSet => openImageSet(join(artifact.folder, name));
  const group = (name: "near" | "far"): LooseData["ood"][number][] =>
    embeddedOodNames[name].map((set) => ({ name: set, group: name, set: open(`ood/${set}`) }));
  return {
    // drawn upright: photos that are scored later have to be
    orientation: data.orientation === "ignore" ? "ignore" : "apply",
    train: open("train"),
    validation: open("validation"),
    test: open("test"),
    inputs: { drawn: artifact.key },
    leftOut: [],
    ood: [
      { name: "validation", group: "validation", set: open("ood/validation") },
      ...group("near"),
      ...group("far"),
    ],
  };
}
