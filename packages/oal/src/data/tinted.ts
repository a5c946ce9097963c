/** Pictures in the colours of others: what is left to tell the two by are shapes. */
import { memoryImageSet, type ImageSet } from "./imageSet.js";

/**
 * The pictures of a set, each with the mean and deviation per channel of a picture of another set (the i-th has those of the i-th,
 * cyclically). With x a channel of the picture and m, s mean and deviation of the two:
 *
 *   y = max(8, s_other) (x − m_own) / s_own + m_other, rounded and limited to bytes
 *
 * @param pictures of any size
 * @param colours a set with pictures
 * @param name of the new set, which is held in memory
 * @source matching of first and second moments per channel, as in colour transfer (Reinhard et al. 2001), here in RGB
 */
export function inColoursOf(pictures: ImageSet, colours: ImageSet, name: string): ImageSet {
  const { count, height, width, ids } = pictures;
  const plane = height * width;
  const pixels = new Uint8Array(count * 3 * plane);
  for (let i = 0; i < count; i++) {
    const own = pictures.read([i]);
    const other = colours.read([i % colours.count]);
    const otherPlane = other.length / 3;
    for (let channel = 0; channel < 3; channel++) {
      const from = own.subarray(channel * plane, (channel + 1) * plane);
      const to = other.subarray(channel * otherPlane, (channel + 1) * otherPlane);
      const out = pixels.subarray((3 * i + channel) * plane, (3 * i + channel + 1) * plane);
      recolour(from, to, out);
    }
  }
  const labels = new Int32Array(count).fill(-1);
  return memoryImageSet(name, pixels, labels, [], ids);
}

/**
 * Grey levels of deviation that a drawing keeps in the colours of a flat picture: without any it would be that very picture.
 */
const leastDeviation = 8;

function recolour(own: Uint8Array, other: Uint8Array, out: Uint8Array): void {
  const [mean, deviation] = moments(own);
  const [wantedMean, wantedDeviation] = moments(other);
  const gain = deviation > 0 ? Math.max(leastDeviation, wantedDeviation) / deviation : 0;
  for (let at = 0; at < own.length; at++) {
    const value = gain * ((own[at] ?? 0) - mean) + wantedMean;
    out[at] = Math.min(255, Math.max(0, Math.floor(value + 0.5)));
  }
}

function moments(values: Uint8Array): readonly [mean: number, deviation: number] {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return [mean, Math.sqrt(Math.max(0, squares / values.length - mean * mean))];
}
