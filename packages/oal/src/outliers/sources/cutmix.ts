/** Training pictures with a rectangle of another class's: for comparison, because both parts are known. */
import { Random } from "oal-core";
import { othersOf } from "./partners.js";
import { defineSource, noOptions } from "./source.js";

/**
 * Share of the picture that the rectangle takes: below a quarter the picture remains one of its class; above a half it hides what stands in
 * the middle, and the picture becomes one of the other class.
 */
const area = [0.25, 0.5] as const;

/**
 * Source "cutmix". Row i is training picture i with a rectangle of one of another class in the same place, drawn anew in every step. Of
 * the rectangle's sides in units of the picture's, a × b is uniform in [1/4, 1/2], a uniform between a b and 1, and the place uniform
 * among those where it lies within:
 *
 *   x(p) outside the rectangle, y(p) inside
 *
 * For comparison, and never part of a default: both parts are known, as in `mix`.
 *
 * @source Yun et al. 2019 (CutMix, arXiv 1905.04899), there with labels in proportion; here neither is right
 */
export const cutMixedPictures = defineSource({
  id: "cutmix",
  title: "training pictures with a rectangle of another class's, made in the batch; for comparison",
  formula: "x outside and y inside a rectangle of 1/4 to 1/2 of the picture; x, y of different classes",
  source: "Yun et al. 2019 (CutMix, arXiv 1905.04899), without its labels",
  schema: noOptions,
  open: ({ images, seed, imageSize }) => {
    const random = new Random(seed, "outliers/cutmix");
    const others = othersOf(images.labels, "cutmix");
    return Promise.resolve({
      count: images.count,
      pictures: (rows, step) => {
        const out = images.read(rows);
        const partners = images.read(Array.from(rows, (row, i) => others(row, random, step, i)));
        const draws = random.uniforms(step, 4 * rows.length);
        const size = 3 * imageSize * imageSize;
        for (let i = 0; i < rows.length; i++) {
          const box = boxOf(draws.subarray(4 * i, 4 * i + 4), imageSize);
          const [from, to] = [i * size, (i + 1) * size];
          paste(partners.subarray(from, to), out.subarray(from, to), box, imageSize);
        }
        return out;
      },
    });
  },
});

/** A rectangle in pixels. */
interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

function boxOf([a = 0, b = 0, c = 0, d = 0]: Float32Array, size: number): Box {
  const share = area[0] + (area[1] - area[0]) * a;
  const tall = share + (1 - share) * b;
  const height = Math.round(tall * size);
  const width = Math.round((share / tall) * size);
  return {
    height,
    width,
    top: Math.floor(c * (size - height + 1)),
    left: Math.floor(d * (size - width + 1)),
  };
}

function paste(from: Uint8Array, to: Uint8Array, { top, left, height, width }: Box, size: number): void {
  for (let channel = 0; channel < 3; channel++)
    for (let row = top; row < top + height; row++) {
      const start = channel * size * size + row * size + left;
      to.set(from.subarray(start, start + width), start);
    }
}
