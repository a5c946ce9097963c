/** Which embeddings and pictures made latents are of: drawn by position, so that row i of a source is the same however many are made. */
import { Random, sizeOf } from "oal-core";
import { resizePictures } from "../../data/resizePictures.js";
import type { ConditionSet } from "../synthesis.js";
import type { MakeRequest } from "./made.js";

/** Rows of a matrix, gathered. */
export function gathered(values: Float32Array, width: number, rows: ArrayLike<number>): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    out.set(values.subarray(row * width, (row + 1) * width), i * width);
  }
  return out;
}

/**
 * For every row one of a set that is of another class, each as likely; where there is none, any.
 *
 * @param labels of the rows
 * @param purpose names the draw
 */
export function ofAnotherClass(
  labels: ArrayLike<number>,
  set: Pick<ConditionSet, "labels">,
  seed: number,
  purpose: string,
): Int32Array {
  const random = new Random(seed, purpose);
  const all = Array.from(set.labels, (_, row) => row);
  const others = new Map<number, readonly number[]>();
  return Int32Array.from(labels, (label, i) => {
    const known = others.get(label) ?? all.filter((row) => set.labels[row] !== label);
    others.set(label, known);
    const offered = known.length === 0 ? all : known;
    return offered[random.integer(i, 0, offered.length)] ?? 0;
  });
}

/** Labels of chosen rows. */
export function labelsOf({ labels }: Pick<ConditionSet, "labels">, rows: ArrayLike<number>): Int32Array {
  return Int32Array.from(rows, (row) => labels[row] ?? -1);
}

/** Pictures that are encoded at once. */
const picturesAtOnce = 64;

/** Scaled latents of training pictures: the means that the encoder gives; pictures of another size than the model's are resized. */
export async function latentsOfPictures(
  { model, images, onProgress }: Pick<MakeRequest, "model" | "images" | "onProgress">,
  pictures: readonly number[],
): Promise<Float32Array> {
  const size = sizeOf(model.latentShape);
  const latents = new Float32Array(pictures.length * size);
  for (let begin = 0; begin < pictures.length; begin += picturesAtOnce) {
    const some = pictures.slice(begin, begin + picturesAtOnce);
    const read = images.read(some);
    const pixels =
      images.height === model.imageSize ? read : resizePictures(read, images.height, model.imageSize);
    const { mean } = await model.encode(pixels, some.length);
    latents.set(
      mean.map((value) => value * model.latentScale),
      begin * size,
    );
    onProgress(begin + some.length, pictures.length, "encoding pictures");
  }
  return latents;
}
