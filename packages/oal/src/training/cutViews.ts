/**
 * What the frozen part of a network says of fixed views of every image: the first view is the image itself, the others are augmented
 * by draws of their own. Computed once, they stand in for the images in every step.
 */
import { float32Tensor, Random, type Tensor, type TensorType } from "oal-core";
import type { ImageSet } from "../data/imageSet.js";
import { augmentBatch, type AugmentSpec } from "../data/batches.js";

/** The values at a cut, [N, ...shape], of views of images. */
export interface CutViews {
  /** The type of a batch of them. */
  type(batchSize: number): TensorType;
  /** A view of each image, drawn for the step. @param indices of the images in their set */
  batch(seed: number, step: number, indices: ArrayLike<number>): Tensor;
}

/** Rows of values, one per image and view: row `image * views + view`. */
export interface StoredViews {
  readonly views: number;
  /** Of one value. */
  readonly shape: readonly number[];
  /** float32, the values of one row. */
  row(row: number): Float32Array;
}

/** Views that lie in rows. */
export function cutViews(stored: StoredViews): CutViews {
  const { views, shape } = stored;
  const size = shape.reduce((product, side) => product * side, 1);
  return {
    type: (batchSize) => ({ dtype: "float32", shape: [batchSize, ...shape] }),
    batch: (seed, step, indices) => {
      const random = new Random(seed, "views");
      const values = new Float32Array(indices.length * size);
      for (let at = 0; at < indices.length; at++) {
        const view = views === 1 ? 0 : random.integer(step, at, views);
        values.set(stored.row((indices[at] ?? 0) * views + view), at * size);
      }
      return float32Tensor([indices.length, ...shape], values);
    },
  };
}

/** The pixels of one view of some images: uint8 [N, 3, S, S], a function of seed, view and images alone. */
export function viewOf(
  images: ImageSet,
  indices: ArrayLike<number>,
  view: number,
  seed: number,
  augmentation: AugmentSpec,
): Uint8Array {
  const pixels = images.read(indices);
  if (view === 0) return pixels;
  const size = pixels.length / indices.length;
  const random = new Random(seed, "augmentation").derive("views");
  const out = new Uint8Array(pixels.length);
  // image by image, so that a view does not depend on who else is in the batch
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at] ?? 0;
    const one = pixels.subarray(at * size, (at + 1) * size);
    augmentBatch(
      one,
      augmentation,
      random.derive(String(view)),
      index,
      view,
      [index],
      out.subarray(at * size, (at + 1) * size),
    );
  }
  return out;
}
