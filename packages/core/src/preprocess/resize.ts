/**
 * Pillow's resampler on 8-bit images, bit for bit: a horizontal pass rounded to 8 bits, then a vertical pass. Other libraries place
 * their samples elsewhere, which moves scores (STACK 2.2), hence our own.
 */
import { expectArguments, kind, kinds } from "../errors/index.js";
import { anImage, cropImage, type RgbImage } from "./image.js";

/** How an image is resampled. Bilinear and bicubic widen with the reduction factor, so reducing is antialiased. */
export type Interpolation = "bilinear" | "bicubic" | "nearest";

/** What an interpolation may be, for checks of arguments. */
export const anInterpolation = kinds.oneOf(["bilinear", "bicubic", "nearest"] satisfies Interpolation[]);

/** Half the width of an interpolation's window, in pixels; `nearest` has none and takes the pixel that its position lies in. */
const supports = { nearest: 0, bilinear: 1, bicubic: 2 } as const;

/** Weight of a pixel at distance x >= 0, in pixels: a triangle, or Keys' cubic with a = -0.5. */
function weightAt(x: number, support: number): number {
  if (support < 2) return Math.max(0, 1 - x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** Output positions along one side: `count` from `start` on, of a side of `to` in all. */
export interface Span {
  readonly to: number;
  readonly start: number;
  readonly count: number;
}

/** For every output position of a span: the first source position and `taps` integer weights of scale 2^22. */
interface Table {
  readonly count: number;
  readonly taps: number;
  readonly first: Int32Array;
  readonly weights: Int32Array;
}

const tables = new Map<string, Table>();
const TABLES_KEPT = 256;

/** Pillow's weights of a side of `from` pixels for a span of another side; the first positions never decrease. */
export function tableOf(from: number, span: Span, interpolation: Interpolation): Table {
  const key = `${interpolation} ${from} ${span.to} ${span.start} ${span.count}`;
  const known = tables.get(key);
  if (known) return known;
  const made = makeTable(from, span, supports[interpolation]);
  if (tables.size >= TABLES_KEPT) tables.clear();
  tables.set(key, made);
  return made;
}

function makeTable(from: number, { to, start: begin, count }: Span, halfWidth: number): Table {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = halfWidth * stretch;
  const taps = Math.min(Math.ceil(support) * 2 + 1, from);
  const first = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = (begin + i + 0.5) * scale;
    const half = halfWidth && 0.5;
    const low = Math.max(0, Math.trunc(centre - support + half));
    const high = halfWidth ? Math.min(from, Math.trunc(centre + support + half)) : low + 1;
    const raw: number[] = [];
    let sum = 0;
    for (let j = low; j < high; j++) {
      const weight = halfWidth ? weightAt(Math.abs((j - centre + 0.5) / stretch), halfWidth) : 1;
      raw.push(weight);
      sum += weight;
    }
    // a window that would run over the end begins earlier, with weights of zero
    const start = Math.min(low, from - taps);
    first[i] = start;
    raw.forEach((weight, j) => {
      const scaled = (weight / sum) * 2 ** 22;
      weights[i * taps + low - start + j] = Math.trunc(scaled + (scaled < 0 ? -0.5 : 0.5));
    });
  }
  return { count, taps, first, weights };
}

/** The pass along rows `top` to `bottom`; windows always lie inside the image (see makeTable). */
function horizontal(image: RgbImage, table: Table, top: number, bottom: number): RgbImage {
  const { data: source } = image;
  const { count: width, taps, first, weights } = table;
  const height = bottom - top;
  const out = new Uint8ClampedArray(height * width * 3);
  let to = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < width; x++) {
      let red = 1 << 21;
      let green = 1 << 21;
      let blue = 1 << 21;
      let at = row + (first[x] ?? 0) * 3;
      for (let j = x * taps; j < (x + 1) * taps; j++, at += 3) {
        const weight = weights[j] ?? 0;
        red += (source[at] ?? 0) * weight;
        green += (source[at + 1] ?? 0) * weight;
        blue += (source[at + 2] ?? 0) * weight;
      }
      out[to++] = red >> 22;
      out[to++] = green >> 22;
      out[to++] = blue >> 22;
    }
  }
  return { height, width, data: new Uint8Array(out.buffer) };
}

/** The pass along columns of an image whose first row is row `top` of the one that the table is for. */
function vertical(image: RgbImage, table: Table, top: number): RgbImage {
  const { width, data: source } = image;
  const { count: height, taps, first, weights } = table;
  const row = width * 3;
  const out = new Uint8ClampedArray(height * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(1 << 21);
    for (let j = 0; j < taps; j++) {
      const weight = weights[y * taps + j] ?? 0;
      if (weight === 0) continue;
      const from = ((first[y] ?? 0) - top + j) * row;
      for (let x = 0; x < row; x++) sums[x] = (sums[x] ?? 0) + (source[from + x] ?? 0) * weight;
    }
    for (let x = 0; x < row; x++) out[y * row + x] = (sums[x] ?? 0) >> 22;
  }
  return { height, width, data: new Uint8Array(out.buffer) };
}

/**
 * The image at exactly height x width; a direction whose size does not change is not resampled.
 *
 * @param height  pixels, >= 1
 * @param width  pixels, >= 1
 * @param interpolation  default "bilinear", the protocol's choice
 * @cost about 5 ns per source pixel and tap
 * @source Pillow `ImagingResample`, 8 bits per channel
 */
export function resizeImage(
  image: RgbImage,
  height: number,
  width: number,
  interpolation: Interpolation = "bilinear",
): RgbImage {
  expectArguments("resizeImage", {
    image: [image, anImage],
    height: [height, kinds.positiveCount],
    width: [width, kinds.positiveCount],
    interpolation: [interpolation, anInterpolation],
  });
  const all = (to: number): Span => ({ to, start: 0, count: to });
  return resizeRegion(image, all(height), all(width), interpolation);
}

/**
 * What `resizeImage` gives, cut to some rows and columns, without making the rest: a picture of a million pixels by one may become larger
 * than any memory.
 */
export function resizeRegion(
  image: RgbImage,
  rows: Span,
  columns: Span,
  interpolation: Interpolation = "bilinear",
): RgbImage {
  const [sameHeight, sameWidth] = [image.height === rows.to, image.width === columns.to];
  if (sameHeight && sameWidth && rows.count === rows.to && columns.count === columns.to) return image;
  const table = sameHeight ? undefined : tableOf(image.height, rows, interpolation);
  // rows of the source that the wanted rows are made of
  const top = table ? (table.first[0] ?? 0) : rows.start;
  const bottom = table ? (table.first.at(-1) ?? 0) + table.taps : top + rows.count;
  const wide = sameWidth
    ? cropImage(image, top, columns.start, bottom - top, columns.count)
    : horizontal(image, tableOf(image.width, columns, interpolation), top, bottom);
  return table ? vertical(wide, table, top) : wide;
}

/**
 * What an image is resized to, in pixels: a number is its shorter side, the longer becomes floor(size * long / short); a pair is height
 * and width, whatever the image's shape.
 *
 * @source torchvision `Resize`
 */
export type ResizeRule = number | readonly [height: number, width: number];

/** A rule as an argument. */
export const aResizeRule = kind(
  "a whole number of at least 1, or two of them",
  (value) =>
    kinds.positiveCount.fault(value, "") === null ||
    (Array.isArray(value) &&
      value.length === 2 &&
      value.every((side) => Number.isSafeInteger(side) && side > 0)),
);

/** Height and width of an image once it is resized. */
export function resizedSides(
  { height, width }: Pick<RgbImage, "height" | "width">,
  rule: ResizeRule,
): readonly [height: number, width: number] {
  if (typeof rule === "object") return rule;
  const long = Math.floor((rule * Math.max(height, width)) / Math.min(height, width));
  return height > width ? [long, rule] : [rule, long];
}

/**
 * The image with its shorter side at `size` and the longer at floor(size * long / short); unchanged when the shorter side already is.
 *
 * @param size  pixels, >= 1
 * @param interpolation  default "bilinear"
 * @source torchvision `Resize(size)`
 */
export function resizeShorterSide(
  image: RgbImage,
  size: number,
  interpolation: Interpolation = "bilinear",
): RgbImage {
  expectArguments("resizeShorterSide", {
    image: [image, anImage],
    size: [size, kinds.positiveCount],
    interpolation: [interpolation, anInterpolation],
  });
  return resizeImage(image, ...resizedSides(image, size), interpolation);
}
