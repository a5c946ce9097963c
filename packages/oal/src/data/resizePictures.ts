/** Decoded pictures in another size. */
import { preprocessImage, toPlanes } from "oal-core";

/**
 * Square pictures of one size as pictures of another, bilinearly as every set is resized.
 *
 * @param pixels uint8 [N, 3, from, from]
 * @returns uint8 [N, 3, to, to]
 */
export function resizePictures(pixels: Uint8Array, from: number, to: number): Uint8Array {
  const plane = from * from;
  const count = pixels.length / (3 * plane);
  const out = new Uint8Array(count * 3 * to * to);
  const data = new Uint8Array(3 * plane);
  for (let picture = 0; picture < count; picture++) {
    const planes = pixels.subarray(picture * 3 * plane, (picture + 1) * 3 * plane);
    for (let i = 0; i < plane; i++)
      for (let channel = 0; channel < 3; channel++) data[3 * i + channel] = planes[channel * plane + i] ?? 0;
    const image = preprocessImage({ height: from, width: from, data }, { resize: to, crop: to });
    toPlanes(image, out.subarray(picture * 3 * to * to, (picture + 1) * 3 * to * to));
  }
  return out;
}
