/** Pre-processing as part of a model: pictures of one size in, the network's pixels out, bit for bit what `preprocessImage` gives. */
import { expectArguments, kind, kinds } from "../errors/index.js";
import { add, cast, clip, floor, gather, matmul, mul, pad, slice, type Value } from "../graph/index.js";
import { aValue } from "../graph/ops/operands.js";
import { integers } from "../graph/ops/apply.js";
import { centreOffset } from "./image.js";
import type { PreprocessSpec } from "./preprocess.js";
import { anInterpolation, aResizeRule, resizedSides, tableOf, type Span } from "./resize.js";

const aSpec = kinds.fields({ resize: aResizeRule, crop: kinds.positiveCount });
const pictures = kind(
  "uint8 [N, 3, H, W] with H and W known",
  (value) => aValue.fault(value, "") === null && isPictures(value),
);

function isPictures(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("dims" in value) || !Array.isArray(value.dims))
    return false;
  const [, channels, ...sides] = value.dims;
  return channels === 3 && sides.length === 2 && sides.every((side) => typeof side === "number");
}

/**
 * Resizes and crops pictures in a graph: of each direction one matrix product with Pillow's table, in float64, where every sum of
 * whole numbers is exact, rounded and cut to 0..255 as Pillow does.
 *
 * @param images uint8 [N, 3, H, W], H and W known, N open or not
 * @param spec as for `preprocessImage`
 * @returns uint8 [N, 3, crop, crop], the pixels of `preprocessImage`
 * @cost 6 H W crop floating-point operations a picture, and a matrix of W crop numbers of 8 bytes
 * @source Pillow `ImagingResample`, 8 bits per channel
 * @example const pixels = preprocessInGraph(graph.input("images", { dtype: "uint8", shape: ["batch", 3, 480, 640] }), { resize: 256, crop: 224 });
 */
export function preprocessInGraph(images: Value, spec: PreprocessSpec): Value {
  expectArguments("preprocessInGraph", { images: [images, pictures], spec: [spec, aSpec] });
  const { crop, resize, interpolation = "bilinear" } = spec;
  expectArguments("preprocessInGraph", { interpolation: [interpolation, anInterpolation] });
  const from = { height: images.size(2), width: images.size(3) };
  const [height, width] = resizedSides(from, resize);
  const kept = (side: number): Span => ({
    to: side,
    start: Math.max(0, centreOffset(side, crop)),
    count: Math.min(side, crop),
  });
  const [rows, columns] = [kept(height), kept(width)];
  if (interpolation === "nearest") {
    const wide = gatherSpan(images, 3, from.width, columns);
    return padded(gatherSpan(wide, 2, from.height, rows), crop);
  }
  const wide =
    from.width === width
      ? cut(images, 3, columns)
      : pass(images, from.width, columns, "columns", interpolation);
  const small =
    from.height === height ? cut(wide, 2, rows) : pass(wide, from.height, rows, "rows", interpolation);
  return padded(small, crop);
}

/** One of Pillow's passes: uint8 in, uint8 out. */
function pass(
  images: Value,
  from: number,
  span: Span,
  along: "rows" | "columns",
  interpolation: "bilinear" | "bicubic",
): Value {
  const { count, taps, first, weights } = tableOf(from, span, interpolation);
  const data = new Float64Array(from * count);
  for (let i = 0; i < count; i++)
    for (let tap = 0; tap < taps; tap++) {
      const source = (first[i] ?? 0) + tap;
      data[along === "rows" ? i * from + source : source * count + i] = weights[i * taps + tap] ?? 0;
    }
  const shape = along === "rows" ? [count, from] : [from, count];
  const table = images.graph.constant({ dtype: "float64", shape, data }, `resize.${along}`);
  const pixels = cast(images, "float64");
  const sums = along === "rows" ? matmul(table, pixels) : matmul(pixels, table);
  const rounded = floor(mul(add(sums, 2 ** 21), 2 ** -22));
  return cast(clip(rounded, 0, 255), "uint8");
}

function gatherSpan(images: Value, axis: number, from: number, span: Span): Value {
  const { first } = tableOf(from, span, "nearest");
  return gather(images, integers(images.graph, Array.from(first)), axis);
}

function cut(images: Value, axis: number, { to, start, count }: Span): Value {
  return count === to ? images : slice(images, [start], [start + count], [axis]);
}

/** Black around what is smaller than the square. */
function padded(images: Value, crop: number): Value {
  const missing = [2, 3].map((axis) => crop - images.size(axis));
  if (missing.every((count) => count === 0)) return images;
  const before = missing.map((count) => Math.floor(count / 2));
  const after = missing.map((count, axis) => count - (before[axis] ?? 0));
  const filled = pad(cast(images, "float32"), [0, 0, ...before, 0, 0, ...after]);
  return cast(filled, "uint8");
}
