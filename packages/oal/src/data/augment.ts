/**
 * Training augmentation of 8-bit batches: flip, then padded random crop (the protocol's order), then cutout. All choices are functions of
 * (seed, step or epoch, image), so an interrupted run continues with the same pictures.
 */
import type { Random } from "oal-core";

/** What is done to training images. */
export interface AugmentSpec {
  /**
   * "random": each image with probability 1/2 at every step; "alternating": by a coin of the image in epoch 0, then the other way round
   * every epoch (Jordan 2024, airbench).
   */
  readonly flip: "none" | "random" | "alternating";
  /** Random crop of the image padded by `padding` pixels, black ("zero") or mirrored without repeating the edge ("reflect"). */
  readonly crop?: { readonly padding: number; readonly mode: "zero" | "reflect" } | undefined;
  /** Side in pixels of a square at a random centre that is painted over; 0 or absent: none. */
  readonly cutout?: number | undefined;
  /** Colour of the cutout square, best the mean colour of the set. Default mid-grey, 128. */
  readonly cutoutFill?: readonly [number, number, number] | undefined;
}

/** The choices made for one image. */
export interface ImageTransform {
  readonly flip: boolean;
  /** Position of the crop in the padded image, 0 to 2 * padding. */
  readonly top: number;
  readonly left: number;
}

const DRAWS = 5;

/**
 * Augments a batch of square images.
 *
 * @param pixels  uint8 [N, 3, side, side]
 * @param random  stream of the purpose, such as `new Random(seed, "train/augment")`
 * @param step  step counted over all epochs: random flips, crops and cutouts
 * @param epoch  epoch counted from 0: alternating flips
 * @param indices  N indices of the images in their set: alternating flips
 * @param out  receives the result, must not be `pixels`; made when absent
 * @cost about 4 ns per byte
 */
export function augmentBatch(
  pixels: Uint8Array,
  spec: AugmentSpec,
  random: Random,
  step: number,
  epoch: number,
  indices: ArrayLike<number>,
  out: Uint8Array = new Uint8Array(pixels.length),
): Uint8Array {
  const count = indices.length;
  const size = pixels.length / count;
  const side = Math.round(Math.sqrt(size / 3));
  const draws = random.uniforms(step, count * DRAWS);
  const coins = random.derive("alternate");
  const padding = spec.crop?.padding ?? 0;
  const draw = (image: number, which: number, choices: number): number =>
    Math.floor((draws[image * DRAWS + which] ?? 0) * choices);
  for (let i = 0; i < count; i++) {
    const flip =
      spec.flip === "alternating"
        ? (coins.integer(0, indices[i] ?? 0, 2) + epoch) % 2 === 1
        : spec.flip === "random" && draw(i, 0, 2) === 1;
    const transform = { flip, top: draw(i, 1, 2 * padding + 1), left: draw(i, 2, 2 * padding + 1) };
    const target = out.subarray(i * size, (i + 1) * size);
    transformPlanes(
      pixels.subarray(i * size, (i + 1) * size),
      side,
      transform,
      padding,
      spec.crop?.mode ?? "zero",
      target,
    );
    if (spec.cutout) cutout(target, side, spec.cutout, draw(i, 3, side), draw(i, 4, side), spec.cutoutFill);
  }
  return out;
}

/**
 * Flips one image and crops it from its padded self.
 *
 * @param pixels  uint8 [3, side, side]
 * @param padding  pixels on every side, less than `side` with "reflect"
 * @param out  receives uint8 [3, side, side]
 */
export function transformPlanes(
  pixels: Uint8Array,
  side: number,
  transform: ImageTransform,
  padding: number,
  mode: "zero" | "reflect",
  out: Uint8Array,
): void {
  const columns = sources(side, transform.left - padding, mode);
  if (transform.flip)
    for (let x = 0; x < side; x++) if ((columns[x] ?? -1) >= 0) columns[x] = side - 1 - (columns[x] ?? 0);
  const rows = sources(side, transform.top - padding, mode);
  let to = 0;
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < side; y++) {
      const row = rows[y] ?? -1;
      const start = (channel * side + row) * side;
      for (let x = 0; x < side; x++, to++) {
        const column = columns[x] ?? -1;
        out[to] = row < 0 || column < 0 ? 0 : (pixels[start + column] ?? 0);
      }
    }
  }
}

/** Source position of every target position when shifted; -1 = outside. */
function sources(side: number, shift: number, mode: "zero" | "reflect"): Int32Array {
  const positions = new Int32Array(side);
  for (let i = 0; i < side; i++) {
    let at = i + shift;
    if (at < 0) at = mode === "reflect" ? -at : -1;
    else if (at >= side) at = mode === "reflect" ? 2 * side - 2 - at : -1;
    positions[i] = at;
  }
  return positions;
}

/** Paints the square centred at (y, x), cut at the border (DeVries and Taylor 2017). */
function cutout(
  planes: Uint8Array,
  side: number,
  length: number,
  y: number,
  x: number,
  fill: readonly number[] = [128, 128, 128],
): void {
  const top = y - (length >> 1);
  const left = x - (length >> 1);
  for (let channel = 0; channel < 3; channel++) {
    for (let row = Math.max(0, top); row < Math.min(side, top + length); row++) {
      const start = (channel * side + row) * side;
      planes.fill(fill[channel] ?? 128, start + Math.max(0, left), start + Math.min(side, left + length));
    }
  }
}
