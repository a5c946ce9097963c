/** Work cut into the fixed batches of exported models. */
import { float32Data, float32Tensor, sizeOf, type Tensor } from "oal-core";
import type { LatentMoments } from "./model.js";

/** Calls `body` for every batch of `count` rows; the last may be shorter. */
export async function inBatches(
  count: number,
  batch: number,
  body: (begin: number, rows: number) => Promise<void>,
): Promise<void> {
  for (let begin = 0; begin < count; begin += batch) await body(begin, Math.min(batch, count - begin));
}

/** `rows` rows of `size` values as float32, zero rows behind them up to `batch`. */
export function padded(
  data: Uint8Array | Float32Array,
  begin: number,
  rows: number,
  batch: number,
  size: number,
): Float32Array {
  const full = new Float32Array(batch * size);
  full.set(data.subarray(begin * size, (begin + rows) * size));
  return full;
}

/** The encoder of an auto-encoder, of a fixed batch. */
export interface PictureEncoder {
  /** Rows of one call. */
  readonly batch: number;
  /** [3, height, width] of a picture and [channels, h, w] of a latent. */
  readonly imageShape: readonly number[];
  readonly latentShape: readonly number[];
  /** [batch, ...imageShape] in [-1, 1] to [batch, 2 channels, h, w]: means, then log variances. */
  readonly run: (sample: Tensor) => Promise<Tensor>;
}

/**
 * Latent distributions of uint8 pictures, as many at a time as go through at once.
 *
 * @param read  pictures `begin` to `begin + rows`, uint8 [rows, ...imageShape]
 * @param take  is handed those of pictures `begin` and on
 */
export async function encodeInBatches(
  { batch, imageShape, latentShape, run }: PictureEncoder,
  count: number,
  read: (begin: number, rows: number) => Uint8Array,
  take: (moments: LatentMoments, begin: number) => Promise<void> | void,
): Promise<void> {
  const size = sizeOf(latentShape);
  await inBatches(count, batch, async (begin, rows) => {
    const pixels = padded(read(begin, rows), 0, rows, batch, sizeOf(imageShape));
    const moments = float32Data(
      await run(
        float32Tensor(
          [batch, ...imageShape],
          pixels.map((v) => v / 127.5 - 1),
        ),
      ),
    );
    const mean = new Float32Array(rows * size);
    const logVariance = new Float32Array(rows * size);
    for (let i = 0; i < rows; i++) {
      mean.set(moments.subarray(2 * i * size, (2 * i + 1) * size), i * size);
      logVariance.set(moments.subarray((2 * i + 1) * size, (2 * i + 2) * size), i * size);
    }
    await take({ mean, logVariance }, begin);
  });
}

/** The same for as many pictures as memory holds, together. */
export async function encodePictures(
  encoder: PictureEncoder,
  count: number,
  read: (begin: number, rows: number) => Uint8Array,
): Promise<LatentMoments> {
  const size = sizeOf(encoder.latentShape);
  const mean = new Float32Array(count * size);
  const logVariance = new Float32Array(count * size);
  await encodeInBatches(encoder, count, read, (moments, begin) => {
    mean.set(moments.mean, begin * size);
    logVariance.set(moments.logVariance, begin * size);
  });
  return { mean, logVariance };
}
