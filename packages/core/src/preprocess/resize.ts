/**
 * Pillow's resampler on 8-bit images, bit for bit: a horizontal pass rounded to 8 bits, then a vertical pass. Other libraries place
 * their samples elsewhere, which moves scores (STACK 2.2), hence our own.
 */
import { expectArguments, kinds } from "../errors/index.js";
import { anImage, cropImage, type RgbImage } from "./image.js";

/** How an image is resampled. Bilinear and bicubic widen with the reduction factor, so reducing is antialiased. */
export type Interpolation = "bilinear" | "bicubic" | "nearest";

/** What an interpolation may be, for checks of arguments. */
export const anInterpolation = kinds.oneOf(["bilinear", "bicubic", "nearest"] satisfies Interpolation[]);

interface Kernel {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const bilinear: Kernel = { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };

// Keys' cubic with a = -0.5.
const bicubic: Kernel = {
  support: 2,
  weight: (signed) => {
    const x = Math.abs(signed);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

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

/** Pillow's weights of a side of `from` pixels for a span of another side. */
export function tableOf(from: number, span: Span, interpolation: "bilinear" | "bicubic"): Table {
  const key = `${interpolation} ${from} ${span.to} ${span.start} ${span.count}`;
  const known = tables.get(key);
  if (known) return known;
  const made = makeTable(from, span, interpolation === "bilinear" ? bilinear : bicubic);
  if (tables.size >= TABLES_KEPT) tables.clear();
  tables.set(key, made);
  return made;
}

function makeTable(from: number, { to, start: begin, count }: Span, kernel: Kernel): Table {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = (begin + i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw: number[] = [];
    let sum = 0;
    for (let j = low; j < high; j++) {
      const weight = kernel.weight((j - centre + 0.5) / stretch);
      raw.push(weight);
      sum += weight;
    }
    raw.forEach((weight, j) => {
      const scaled = (weight / sum) * 2 ** 22;
      weights[i * taps + j] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    // A window that would run over the end is moved back; its weights move with it.
    const moved = Math.max(0, low + taps - from);
    const start = Math.max(0, low - moved);
    if (start < low) weights.copyWithin(i * taps + low - start, i * taps, i * taps + high - low);
    if (start < low) weights.fill(0, i * taps, i * taps + low - start);
    first[i] = start;
  }
  return {
    count,
    taps: Math.min(taps, from),
    first,
    weights: taps > from ? narrow(weights, count, taps, from) : weights,
  };
}

function narrow(weights: Int32Array, rows: number, taps: number, kept: number): Int32Array {
  const out = new Int32Array(rows * kept);
  for (let i = 0; i < rows; i++) out.set(weights.subarray(i * taps, i * taps + kept), i * kept);
  return out;
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

/** The source position that an output position takes without interpolation. */
export function nearestSource(from: number, to: number, position: number): number {
  return Math.floor((position + 0.5) * (from / to));
}

function nearest(image: RgbImage, rows: Span, columns: Span): RgbImage {
  const [height, width] = [rows.count, columns.count];
  const data = new Uint8Array(height * width * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = nearestSource(image.height, rows.to, rows.start + y) * image.width;
    for (let x = 0; x < width; x++) {
      let from = (row + nearestSource(image.width, columns.to, columns.start + x)) * 3;
      for (let c = 0; c < 3; c++) data[to++] = image.data[from++] ?? 0;
    }
  }
  return { height, width, data };
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
  if (interpolation === "nearest") return nearest(image, rows, columns);
  const table = sameHeight ? undefined : tableOf(image.height, rows, interpolation);
  // rows of the source that the wanted rows are made of
  const top = table ? table.first.reduce((least, row) => Math.min(least, row), image.height) : rows.start;
  const bottom = table
    ? table.first.reduce((most, row) => Math.max(most, row + table.taps), 0)
    : rows.start + rows.count;
  const wide = sameWidth
    ? cropImage(image, top, columns.start, bottom - top, columns.count)
    : horizontal(image, tableOf(image.width, columns, interpolation), top, bottom);
  return table ? vertical(wide, table, top) : wide;
}

/** Height and width of an image once its shorter side is `size` pixels; the longer becomes floor(size * long / short). */
export function sizeByShorterSide(
  { height, width }: Pick<RgbImage, "height" | "width">,
  size: number,
): { readonly height: number; readonly width: number } {
  const short = Math.min(height, width);
  const long =
    short === size ? Math.max(height, width) : Math.floor((size * Math.max(height, width)) / short);
  return height <= width ? { height: size, width: long } : { height: long, width: size };
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
  const { height, width } = sizeByShorterSide(image, size);
  return resizeImage(image, height, width, interpolation);
}
