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

/** Normalised pictures as one feed, float32 [N, 3, S, S]. */
export function feedOf(
  pictures: readonly Uint8Array[],
  { mean, std, order = "rgb" }: PixelNormalisation,
  side: number,
): Tensor {
  const plane = side * side;
  const data = new Float32Array(pictures.length * 3 * plane);
  pictures.forEach((planes, index) => {
    const own = data.subarray(index * 3 * plane, (index + 1) * 3 * plane);
    normaliseBatch(planes, plane, { mean, std }, own);
    if (order === "rgb") return;
    const red = own.slice(0, plane);
    own.copyWithin(0, 2 * plane, 3 * plane);
    own.set(red, 2 * plane);
  });
  return float32Tensor([pictures.length, 3, side, side], data);
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
