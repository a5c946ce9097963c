/** Figures over whole sets: channel statistics for normalisation, and images two sets share. */
import { createHash } from "node:crypto";
import type { Normalisation } from "oal-core";
import type { ImageSet } from "./imageSet.js";

const CHUNK = 256;

/** Calls `visit` with the pixels of every image in turn. */
function eachImage(set: ImageSet, visit: (pixels: Uint8Array, index: number) => void): void {
  const size = 3 * set.height * set.width;
  const buffer = new Uint8Array(Math.min(CHUNK, set.count) * size);
  for (let start = 0; start < set.count; start += CHUNK) {
    const indices = Array.from({ length: Math.min(CHUNK, set.count - start) }, (_, i) => start + i);
    const pixels = set.read(indices, buffer);
    for (const i of indices.keys()) visit(pixels.subarray(i * size, (i + 1) * size), start + i);
  }
}

/**
 * Mean and (population) standard deviation per channel of all pixels, in 0..1; the deviation is at least 1/255.
 *
 * @cost one pass over the set
 */
export function measureNormalisation(set: ImageSet): Normalisation {
  const plane = set.height * set.width;
  const counts = [new Float64Array(256), new Float64Array(256), new Float64Array(256)];
  eachImage(set, (pixels) => {
    counts.forEach((histogram, channel) => {
      for (let i = channel * plane; i < (channel + 1) * plane; i++) {
        const value = pixels[i] ?? 0;
        histogram[value] = (histogram[value] ?? 0) + 1;
      }
    });
  });
  const total = plane * set.count;
  const figures = counts.map((histogram) => {
    const mean = histogram.reduce((sum, n, value) => sum + n * value, 0) / total;
    const variance = histogram.reduce((sum, n, value) => sum + n * (value - mean) ** 2, 0) / total;
    return { mean: mean / 255, std: Math.max(Math.sqrt(variance), 1) / 255 };
  });
  const [red, green, blue] = figures;
  return {
    mean: [red?.mean ?? 0, green?.mean ?? 0, blue?.mean ?? 0],
    std: [red?.std ?? 1, green?.std ?? 1, blue?.std ?? 1],
  };
}

/**
 * How many images of `b` are pixel for pixel also in `a`; 0 for sets of different image sizes. Report a positive number as OAL-D201.
 *
 * @cost that of `sharedRows`
 */
export function findOverlap(a: ImageSet, b: ImageSet): number {
  return sharedRows(a, b).length;
}

/**
 * Which images of `b` are pixel for pixel also in `a`; none for sets of different image sizes.
 *
 * @returns positions in `b`, ascending
 * @cost one pass over either set, 40 bytes per image of `a`
 */
export function sharedRows(a: ImageSet, b: ImageSet): number[] {
  if (a.height !== b.height || a.width !== b.width) return [];
  const key = (pixels: Uint8Array): string => createHash("sha256").update(pixels).digest("base64");
  const known = new Set<string>();
  eachImage(a, (pixels) => known.add(key(pixels)));
  const shared: number[] = [];
  eachImage(b, (pixels, row) => {
    if (known.has(key(pixels))) shared.push(row);
  });
  return shared;
}
