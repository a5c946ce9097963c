/** From 8-bit pixels to the network's input: v = (pixel / 255 - mean) / std per channel, every step rounded to float32. */
import { expectArguments, kind, kinds } from "../errors/index.js";

/** Mean and standard deviation per channel of pixels in 0..1. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const aTriple = kind(
  "three numbers",
  (value) => Array.isArray(value) && value.length === 3 && value.every(Number.isFinite),
);

/** A normalisation as an argument. */
export const aNormalisation = kinds.fields({ mean: aTriple, std: aTriple });

const half: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const imagenet: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * The protocol's statistics by ID set. The ID set's statistics also apply to every OOD set.
 *
 * @source OpenOOD `openood/preprocessors/transform.py`
 */
export const normalisations = {
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  cifar100: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
  imagenet,
  imagenet200: imagenet,
  covid: { mean: [0.4907, 0.4907, 0.4907], std: [0.2697, 0.2697, 0.2697] },
  aircraft: half,
  cub: half,
  cars: half,
} satisfies Record<string, Normalisation>;

/** The statistics of a set by name; mean and deviation 0.5 for an unknown name, as OpenOOD does. */
export function normalisationOf(name: string): Normalisation {
  return Object.entries(normalisations).find(([known]) => known === name)?.[1] ?? half;
}

/** The 256 possible values of one channel. */
function valuesOf(mean: number, std: number): Float32Array {
  const values = new Float32Array(256);
  const mean32 = Math.fround(mean);
  const std32 = Math.fround(std);
  for (let v = 0; v < 256; v++) values[v] = Math.fround(Math.fround(v / 255) - mean32) / std32;
  return values;
}

/**
 * Normalises a batch.
 *
 * @param pixels  uint8 [N, 3, H, W]
 * @param plane  H * W
 * @param out  receives float32 [N, 3, H, W]; made when absent
 */
export function normaliseBatch(
  pixels: Uint8Array,
  plane: number,
  normalisation: Normalisation,
  out?: Float32Array,
): Float32Array {
  expectArguments("normaliseBatch", {
    pixels: [pixels, kinds.bytes],
    plane: [plane, kinds.positiveCount],
    normalisation: [normalisation, aNormalisation],
    out: [out, kinds.optional(kinds.float32)],
  });
  const normalised = out ?? new Float32Array(pixels.length);
  const channels = [0, 1, 2].map((c) => valuesOf(normalisation.mean[c] ?? 0, normalisation.std[c] ?? 1));
  for (let at = 0, c = 0; at < pixels.length; c = (c + 1) % 3) {
    const values = channels[c] ?? new Float32Array(256);
    for (const end = Math.min(at + plane, pixels.length); at < end; at++)
      normalised[at] = values[pixels[at] ?? 0] ?? 0;
  }
  return normalised;
}
