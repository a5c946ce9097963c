/** What pixels become for models whose files do not say it: found out on the run's own pictures, once, and kept in the store. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { spacedPositions } from "../data/badImages.js";
import type { ImageSet } from "../data/imageSet.js";
import { resizePictures } from "../data/resizePictures.js";
import { guessVersion, withGuessedNormalisation } from "../models/guessNormalisation.js";
import type { KnownNormalisation, LoadedModel } from "../models/load.js";
import { nameOf } from "../models/modelName.js";
import { chooseDevice, engineOnDemand } from "../runtime/engines/index.js";
import { artifactKey, type ArtifactIdentity } from "./artifact.js";
import type { Configuration } from "./configuration/schema.js";
import type { RunModels } from "./models.js";
import { obtain, type Workshop } from "./plan/obtain.js";
import type { PreparedData } from "./stages/data.js";
import { knownForTeacher } from "./stages/teacherViews.js";

/** Pictures that are looked at. */
const lookedAt = 36;

const file = "normalisation.json";
const triple = z.tuple([z.number(), z.number(), z.number()]);
const schema = z.strictObject({
  name: z.string(),
  mean: triple,
  std: triple,
  order: z.enum(["rgb", "bgr"]).optional(),
  evidence: z.array(z.string()),
});

/** The models with normalisations that are known. */
export async function settleModels(
  models: RunModels,
  data: PreparedData,
  config: Configuration,
  workshop: Workshop,
): Promise<RunModels> {
  const { init, teacher } = models;
  const settled = (model: LoadedModel, pictures: ImageSet): Promise<LoadedModel> =>
    model.normalisation.source === "assumed"
      ? settle(model, pictures, config, workshop)
      : Promise.resolve(model);
  return {
    ...models,
    ...(init ? { init: await settled(init, data.train.set) } : {}),
    ...(teacher ? { teacher: await settled(teacher, knownForTeacher(data).train) } : {}),
  };
}

async function settle(
  model: LoadedModel,
  pictures: ImageSet,
  config: Configuration,
  workshop: Workshop,
): Promise<LoadedModel> {
  const identity: ArtifactIdentity = {
    stage: "normalisation",
    version: guessVersion,
    slice: { model: model.hash },
    seed: 0,
    inputs: {},
    data: { pictures: pictures.contentHash },
  };
  const name = `normalisation of ${nameOf(model.path)}`;
  const { artifact } = await obtain(
    {
      name,
      identity,
      key: artifactKey(identity),
      async make({ folder, events }) {
        const { choice } = await chooseDevice(config.device, config.threads);
        const guessed = await withGuessedNormalisation(model, {
          engine: await engineOnDemand(choice)(),
          pictures: picturesOf(pictures, model.preprocessing.crop),
          onProgress: (done, total) => events.progress(done, total, { text: "trying normalisations" }),
          signal: workshop.signal,
        });
        const { name: found, mean, std, order, evidence } = guessed.normalisation;
        events.message(`the model does not say what pixels become: ${found}. ${evidence.join(" ")}`);
        const known = { name: found, mean, std, ...(order ? { order } : {}), evidence };
        await writeFile(join(folder, file), JSON.stringify(known, null, 2));
      },
    },
    workshop,
  );
  const path = join(artifact.folder, file);
  try {
    const known = schema.parse(JSON.parse(await readFile(path, "utf8")));
    const { order, ...rest } = known;
    const normalisation: KnownNormalisation = { ...rest, ...(order ? { order } : {}), source: "guess" };
    return model.normalised(normalisation);
  } catch (error) {
    throw oalError(
      "OAL-I103",
      { path, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}

/** Some pictures, spaced over all of them, in the size that the model takes. */
function picturesOf(set: ImageSet, size: number): Uint8Array[] {
  return spacedPositions(set.count, lookedAt).map((position) => {
    const pixels = set.read([position]);
    return set.height === size ? pixels : resizePictures(pixels, set.height, size);
  });
}
