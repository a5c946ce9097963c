/** Pictures as a model is shown them while normalisations are tried: as they are, mirrored, and from nearer. */
import {
  cropImage,
  float32Tensor,
  normaliseBatch,
  resizeImage,
  toPlanes,
  type PixelNormalisation,
  type RgbImage,
  type Tensor,
} from "oal-core";

/** Views of a picture beside the picture itself: its planes, and the side of it. */
export const looks: readonly ((planes: Uint8Array, side: number) => Uint8Array)[] = [mirrored, nearer];

/** What a model takes: 3 colours or 1, the brightness, of squares of a side. */
export interface FeedForm {
  readonly channels: number;
  readonly side: number;
}

/** Normalised pictures as one feed, float32 [N, channels, S, S]; brightness by mean and deviation of the first colour. */
export function feedOf(
  pictures: readonly Uint8Array[],
  { mean, std, order = "rgb" }: PixelNormalisation,
  { channels, side }: FeedForm,
): Tensor {
  const plane = side * side;
  const isGrey = channels === 1;
  const data = new Float32Array(pictures.length * channels * plane);
  pictures.forEach((planes, index) => {
    const own = data.subarray(index * channels * plane, (index + 1) * channels * plane);
    normaliseBatch(isGrey ? brightness(planes, plane) : planes, plane, { mean, std }, own);
    if (order === "rgb" || isGrey) return;
    const red = own.slice(0, plane);
    own.copyWithin(0, 2 * plane, 3 * plane);
    own.set(red, 2 * plane);
  });
  return float32Tensor([pictures.length, channels, side, side], data);
}

/** Pillow's `convert("L")`, as a classifier of grey pictures computes it. */
function brightness(planes: Uint8Array, plane: number): Uint8Array {
  return Uint8Array.from({ length: plane }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = [planes[i], planes[plane + i], planes[2 * plane + i]];
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >>> 16;
  });
}

/** Mirrored left to right. */
function mirrored(planes: Uint8Array, side: number): Uint8Array {
  const made = new Uint8Array(planes.length);
  for (let row = 0; row < planes.length; row += side)
    for (let x = 0; x < side; x++) made[row + x] = planes[row + side - 1 - x] ?? 0;
  return made;
}

/** The middle seven eighths of it, at the size of the whole. */
function nearer(planes: Uint8Array, side: number): Uint8Array {
  const plane = side * side;
  const data = Uint8Array.from(
    { length: 3 * plane },
    (_, at) => planes[(at % 3) * plane + Math.floor(at / 3)] ?? 0,
  );
  const image: RgbImage = { height: side, width: side, data };
  const kept = Math.max(1, Math.round((7 * side) / 8));
  const start = Math.floor((side - kept) / 2);
  return toPlanes(resizeImage(cropImage(image, start, start, kept, kept), side, side));
}
