/**
 * The images of a training step: which they are, and how they are changed. A fresh order every epoch; then flip, padded random crop (the
 * protocol's order) and cutout of 8-bit pixels. All of it is drawn by counter, a function of seed, step or epoch, and image: any step can
 * be found without the others, and an interrupted run continues with the same pictures.
 */
import { Random } from "oal-core";

/**
 * What becomes of the images at the end of an epoch's order that fill no batch: left out, so that every batch is full, or trained on in a
 * last, smaller step. A single image is left out, because batch normalisation has no variance of it.
 */
export type EpochRest = "leave" | "train";

/** Images of an epoch's last step where that is smaller than the others; 0: it has none. */
export function restOf(n: number, batch: number, rest: EpochRest): number {
  const left = n % batch;
  return rest === "train" && n > batch && left > 1 ? left : 0;
}

/**
 * Steps in one epoch: floor(n / batch), at least 1, and one more for a rest that is trained on.
 *
 * @param n  images in the set
 * @param batch  images per step
 */
export function stepsPerEpoch(n: number, batch: number, rest: EpochRest = "leave"): number {
  return Math.max(1, Math.floor(n / batch)) + (restOf(n, batch, rest) > 0 ? 1 : 0);
}

/** The epoch, counted from 0, of a step counted from 0. */
export function epochOf(step: number, n: number, batch: number, rest: EpochRest = "leave"): number {
  return Math.floor(step / stepsPerEpoch(n, batch, rest));
}

const recent = new Map<string, { key: string; order: Uint32Array }>();

/** The order of epoch `epoch`, remembered per stream for the steps that follow. */
function epochOrder(seed: number, epoch: number, n: number, purpose: string): Uint32Array {
  const key = `${seed} ${epoch} ${n} ${purpose}`;
  const known = recent.get(purpose);
  if (known?.key === key) return known.order;
  const order = new Random(seed, purpose).permutation(epoch, n);
  recent.set(purpose, { key, order });
  return order;
}

/**
 * The images of one step: a slice of the epoch's order, a function of the arguments alone.
 *
 * @param seed  of the run
 * @param step  counted from 0 over all epochs
 * @param n  images in the set, >= 1
 * @param batch  images per step, >= 1; when it exceeds n, every image comes up once before any comes up again
 * @param purpose  name of the random stream; give streams that must be independent other names
 * @param rest  what becomes of images that fill no batch
 * @returns `batch` indices; fewer in the step of a rest
 */
export function batchIndices(
  seed: number,
  step: number,
  n: number,
  batch: number,
  purpose = "data/order",
  rest: EpochRest = "leave",
): Uint32Array {
  const perEpoch = stepsPerEpoch(n, batch, rest);
  const epoch = Math.floor(step / perEpoch);
  if (batch <= n) {
    const start = (step - epoch * perEpoch) * batch;
    return epochOrder(seed, epoch, n, purpose).slice(start, start + batch);
  }
  const out = new Uint32Array(batch);
  for (let filled = 0, round = 0; filled < batch; round++) {
    const order = new Random(seed, `${purpose}/${round}`).permutation(epoch, n);
    out.set(order.subarray(0, batch - filled), filled);
    filled += Math.min(n, batch - filled);
  }
  return out;
}

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

/** Draws of one image of a step. */
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
 * @cost about 1 ns per byte: most of a row is one run of neighbours, forwards or backwards, and only its ends are looked up
 */
export function transformPlanes(
  pixels: Uint8Array,
  side: number,
  transform: ImageTransform,
  padding: number,
  mode: "zero" | "reflect",
  out: Uint8Array,
): void {
  const { flip, top, left } = transform;
  const shift = left - padding;
  const rows = sources(side, top - padding, mode);
  if (shift === 0 && top === padding && !flip) {
    out.set(pixels);
    return;
  }
  const columns = sources(side, shift, mode);
  if (flip)
    for (let x = 0; x < side; x++) if ((columns[x] ?? -1) >= 0) columns[x] = side - 1 - (columns[x] ?? 0);
  // columns first to last - 1 lie in the image before it was padded, side by side
  const first = Math.min(side, Math.max(0, -shift));
  const last = Math.max(first, Math.min(side, side - shift));
  const direction = flip ? -1 : 1;
  let to = 0;
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < side; y++, to += side) {
      const row = rows[y] ?? -1;
      if (row < 0) {
        out.fill(0, to, to + side);
        continue;
      }
      const start = (channel * side + row) * side;
      for (let x = 0; x < first; x++) out[to + x] = valueAt(pixels, start, columns[x]);
      for (let x = last; x < side; x++) out[to + x] = valueAt(pixels, start, columns[x]);
      let from = start + (columns[first] ?? 0);
      for (let x = to + first; x < to + last; x++, from += direction) out[x] = pixels[from] ?? 0;
    }
  }
}

/** A pixel of a row; 0 outside. */
function valueAt(pixels: Uint8Array, start: number, column = -1): number {
  return column < 0 ? 0 : (pixels[start + column] ?? 0);
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
