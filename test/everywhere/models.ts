/** The models that are asked everywhere: a network of oal on drawn digits, a pretrained one of others on photos. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  logSoftmax,
  mul,
  normaliseImages,
  reduceMean,
  reduceSum,
  uint8Tensor,
  float32Tensor,
} from "oal-core";
import { decodeImage } from "../../packages/oal/src/data/decode.js";
import { makeDigits } from "../../packages/oal/src/data/embedded/digits.js";
import { makeLetters } from "../../packages/oal/src/data/embedded/nearOod.js";
import { loadModelFile } from "../../packages/oal/src/models/load.js";
import { networks } from "../../packages/oal/src/nn/networks/index.js";
import { openArchive } from "../../packages/oal/src/data/archives/archiveKind.js";
import { testEngine as engine } from "../../packages/oal/src/testing/engine.js";
import { buildClassifier } from "../../packages/oal/src/training/model.js";
import type { TrainingTask } from "../../packages/oal/src/training/task.js";
import { train } from "../../packages/oal/src/training/trainer.js";
import { pictureInput, type RgbImage } from "oal-core";
import type { Ingredients, Shown } from "./bundles.js";

const seed = 5;
const size = 32;

/** A picture that is asked about. */
export interface AskedPicture {
  readonly id: string;
  readonly image: RgbImage;
  /** The file it was decoded from; absent for drawn ones. */
  readonly file?: Uint8Array;
}

/** A model and the pictures it is asked about. */
export interface AskedModel {
  readonly ingredients: Ingredients;
  readonly pictures: readonly AskedPicture[];
}

/** Planes as an image. */
function imageOf({ pixels }: Shown, row: number): RgbImage {
  const plane = size * size;
  const data = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < 3; c++) data[3 * i + c] = pixels[(3 * row + c) * plane + i] ?? 0;
  return { width: size, height: size, data };
}

/** A small residual network, trained for some steps on digits; 32 digits and 32 letters are asked about. */
export async function digitModel(steps = 120): Promise<AskedModel> {
  const shown = makeDigits("train", 640, seed);
  const network = { id: "resnetSmall", options: { classes: 10, imageSize: size, width: 8 } };
  const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const batch = 32;
  const plane = 3 * size * size;
  const task: TrainingTask = {
    inputs: {
      images: { dtype: "uint8", shape: [batch, 3, size, size] },
      labels: { dtype: "float32", shape: [batch, 10] },
    },
    build(context, { images, labels }) {
      if (!images || !labels) throw new Error("not declared");
      const { logits } = networks
        .find(network.id)
        .build(context, normaliseImages(images, normalisation), network.options);
      const loss = mul(reduceMean(reduceSum(mul(logSoftmax(logits), labels), [1])), -1);
      return { total: loss, terms: { loss } };
    },
    batch(step) {
      const start = (step * batch) % shown.labels.length;
      const oneHot = Array.from({ length: batch * 10 }, (_, i) =>
        shown.labels[start + Math.floor(i / 10)] === i % 10 ? 1 : 0,
      );
      return {
        images: uint8Tensor(
          [batch, 3, size, size],
          shown.pixels.slice(start * plane, (start + batch) * plane),
        ),
        labels: float32Tensor([batch, 10], oneHot),
      };
    },
  };
  const { parameters } = await train(engine, task, {
    name: "digits",
    seed,
    steps,
    optimizer: { id: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
    schedule: { id: "constant", rate: 0.05, warmup: 0 },
  });
  const asked = [makeDigits("test", 32, seed), makeLetters(32, seed)];
  return {
    ingredients: {
      classifier: () => buildClassifier({ network, parameters, normalisation }, "batch"),
      preprocessing: {
        resize: size,
        crop: size,
        interpolation: "bilinear",
        orientation: "ignore",
        maxPixels: 1e8,
        mean: [...normalisation.mean],
        std: [...normalisation.std],
      },
      classNames: shown.classNames,
      fitsInside: true,
      train: shown,
      validation: makeDigits("validation", 200, seed),
    },
    pictures: asked.flatMap((set) =>
      Array.from(set.labels, (_, row) => ({ id: `${set.name}/${row}`, image: imageOf(set, row) })),
    ),
  };
}

const shared = (path: string): string => fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
const photos = shared("data/user/photos.tar");
const unknown = shared("data/user/photos-unknown.tar");
const mobileNet = shared("models/mobilenet_v2_1.0_224");

/** Why the pretrained model cannot be asked here, else null. */
export const missingPhotos: string | null =
  [photos, unknown, mobileNet].find((path) => !existsSync(path))?.concat(" is not there") ?? null;

/** Files of an archive, every n-th, at most so many. */
async function members(
  archive: string,
  every: number,
  most: number,
): Promise<{ id: string; file: Uint8Array }[]> {
  const container = openArchive(archive);
  const names = (await container.list()).map(({ path }) => path).filter((path) => path.endsWith(".jpg"));
  const wanted = new Set(names.filter((_, i) => i % every === 0).slice(0, most));
  const found: { id: string; file: Uint8Array }[] = [];
  for await (const content of container.read(wanted))
    if ("bytes" in content) found.push({ id: content.path, file: content.bytes });
  return found;
}

/** MobileNetV2 as it is, for photos; 44 photos of its classes' kind and 20 of others are asked about. */
export async function photoModel(): Promise<AskedModel> {
  const halves = [0.5, 0.5, 0.5] as const;
  const loaded = await loadModelFile(`${mobileNet}/model.onnx`, {
    normalisation: { mean: halves, std: halves },
    classNames: `${mobileNet}/labels.txt`,
  });
  const { preprocessing } = loaded;
  const { crop } = preprocessing;
  const rule = {
    preprocessing,
    input: { layout: "nchw", resizing: "outside", height: crop, width: crop } as const,
  };
  const known = await members(photos, 3, 160);
  const decoded = await Promise.all(
    known.map(async ({ id, file }) => ({ id, file, image: await decodeImage(file, id, preprocessing) })),
  );
  const groups: Record<"asked" | "train" | "validation", AskedPicture[]> = {
    asked: [],
    train: [],
    validation: [],
  };
  decoded.forEach((picture, i) => {
    groups[i % 7 < 2 ? "asked" : i % 2 === 0 ? "train" : "validation"].push(picture);
  });
  const shownOf = (pictures: readonly AskedPicture[]): Shown => {
    const pixels = new Uint8Array(pictures.length * 3 * crop * crop);
    pictures.forEach(({ image, id }, i) =>
      pixels.set(pictureInput(image, rule, id).data, i * 3 * crop * crop),
    );
    return { pixels, labels: new Int32Array(pictures.length) };
  };
  const others = await Promise.all(
    (await members(unknown, 5, 20)).map(async ({ id, file }) => ({
      id,
      file,
      image: await decodeImage(file, id, preprocessing),
    })),
  );
  return {
    ingredients: {
      classifier: () => loaded.classifier(),
      preprocessing,
      classNames: loaded.classNames ?? [],
      train: shownOf(groups.train),
      validation: shownOf(groups.validation),
      fitsInside: false,
    },
    pictures: [...groups.asked.slice(0, 44), ...others],
  };
}
