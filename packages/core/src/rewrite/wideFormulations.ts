/**
 * Gradients and sums in the formulations that suit a graphics processor, which wants thousands of tiles at once and channels last
 * (decision 31): one matrix product of many images for dW, cut along its sum so that there are tiles enough, and sums over channels as
 * products with ones. Everything else is copied as it is.
 */
import { expectArguments } from "../errors/index.js";
import { squareSums } from "../graph/functions/sumOfSquares.js";
import { at } from "../graph/ops/access.js";
import { tensorOf } from "../graph/ops/broadcasting.js";
import { concat } from "../graph/ops/concat.js";
import { weightGradients } from "../graph/ops/convWeightGradient.js";
import { matmul } from "../graph/ops/matMul.js";
import { mul } from "../graph/ops/mul.js";
import { pad } from "../graph/ops/pad.js";
import { reduceSum } from "../graph/ops/reduceSum.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { channelSums } from "../graph/ops/sums.js";
import { transpose } from "../graph/ops/transpose.js";
import type { Windows } from "../graph/ops/windows.js";
import { reachable } from "../graph/prune.js";
import { sizeOf } from "../graph/tensor.js";
import { aGraph, type Graph, type Value } from "../graph/value.js";
import { Copies } from "./copies.js";

/** Tiles of a matrix product from which a large card is busy. */
const enoughTiles = 2048;
/** Side of a tile. */
const tile = 32;
/** Numbers that are summed by one group of threads; a power of 2. */
const rowLength = 1024;
/** Taps of a kernel up to which copies of the images, one a tap, are worth their memory. */
const mostTaps = 25;

/**
 * A copy of `graph` that computes the same to rounding; inputs, outputs and their names stay.
 *
 * @example const session = await engine.compile(useWideFormulations(step.graph));
 */
export function useWideFormulations(graph: Graph): Graph {
  expectArguments("useWideFormulations", { graph: [graph, aGraph] });
  const copies = new Copies(graph);
  const { target } = copies;
  for (const input of graph.inputs) copies.set(input, target.input(input.name, input.type));
  for (const node of reachable(graph).nodes)
    target.scope(node.path, () => {
      const [output] = node.outputs;
      const rewritten =
        output && (weightGradient(output, copies) ?? channelSum(output, copies) ?? squareSum(output, copies));
      if (output && rewritten) copies.set(output, rewritten);
      else copies.node(node);
    });
  for (const [name, value] of graph.outputs) target.output(name, copies.of(value));
  return target;
}

function channelSum(value: Value, copies: Copies): Value | null {
  const parts = channelSums.partsOf(value);
  if (!parts || value.dtype !== "float32") return null;
  const x = copies.of(parts.x);
  const [images, channels] = [at(x.shape, 0), at(x.shape, 1)];
  const places = sizeOf(x.shape.slice(2));
  if (x.rank === 2 || places === 1) return columnSums(reshape(x, [images, channels]));
  if (x.rank !== 4) return null;
  const rows = reshape(transpose(x, [0, 2, 3, 1]), [images, places, channels]);
  return columnSums(reshape(matmul(ones(x.graph, [1, 1, places]), rows), [images, channels]));
}

/** All values behind one another, squared and summed at once. */
function squareSum(value: Value, copies: Copies): Value | null {
  const parts = squareSums.partsOf(value);
  if (!parts || value.dtype !== "float32") return null;
  const flat = concat(
    parts.values.map((each) => reshape(copies.of(each), [-1])),
    0,
  );
  const size = at(flat.shape, 0);
  const rows = reshape(pad(flat, [0, -size & (rowLength - 1)]), [-1, rowLength]);
  return reduceSum(reduceSum(mul(rows, rows), [1]), [0]);
}

/** [C] of [R, C]. */
function columnSums(x: Value): Value {
  return reshape(matmul(ones(x.graph, [1, at(x.shape, 0)]), x), [at(x.shape, 1)]);
}

function ones(graph: Graph, shape: readonly number[]): Value {
  return graph.constant(tensorOf("float32", shape, new Float32Array(sizeOf(shape)).fill(1)));
}

function weightGradient(value: Value, copies: Copies): Value | null {
  const parts = weightGradients.partsOf(value);
  if (!parts || value.dtype !== "float32") return null;
  const { windows } = parts;
  if (windows.kernel[0] * windows.kernel[1] > mostTaps) return null;
  const [x, dy] = [copies.of(parts.x), copies.of(parts.dy)];
  return windows.strides.every((stride) => stride === 1) ? shifted(x, dy, windows) : unfolded(x, dy, windows);
}

/** Stride 1: copies of X shifted along the columns and of dY against the rows; their product holds all taps. */
function shifted(x: Value, dy: Value, { kernel, dilations, pads }: Windows): Value {
  const [height, width] = [at(x.shape, 2), at(x.shape, 3)];
  const [outs, rows, columns] = [at(dy.shape, 1), at(dy.shape, 2), at(dy.shape, 3)];
  const channels = at(x.shape, 1);
  const parts = partsFor(at(x.shape, 0), kernel[0] * outs, kernel[1] * channels);
  const xShifts = Array.from({ length: kernel[1] }, (_, j) => {
    const before = pads[1] - j * dilations[1];
    return pad(x, [0, 0, 0, before, 0, 0, 0, columns - width - before]);
  });
  // Transposed before it is copied: a third of the bytes.
  const turned = reshape(byChannel(dy, parts), [parts, -1, rows, columns]);
  const dyShifts = Array.from({ length: kernel[0] }, (_, i) => {
    const before = i * dilations[0] - pads[0];
    const moved = pad(turned, [0, 0, before, 0, 0, 0, height - rows - before, 0]);
    return reshape(moved, [parts, outs, -1]);
  });
  const product = summedProduct(concat(dyShifts, 1), byPlace(concat(xShifts, 1), parts));
  return transpose(reshape(product, [kernel[0], outs, kernel[1], channels]), [1, 3, 0, 2]);
}

/** Any stride: one copy of X a tap, each of the size of dY. */
function unfolded(x: Value, dy: Value, { kernel, strides, dilations, pads }: Windows): Value {
  const [rows, columns] = [at(dy.shape, 2), at(dy.shape, 3)];
  const [outs, channels] = [at(dy.shape, 1), at(x.shape, 1)];
  const parts = partsFor(at(x.shape, 0), outs, kernel[0] * kernel[1] * channels);
  const padded = pad(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const copies = Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const [top, left] = [Math.floor(tap / kernel[1]) * dilations[0], (tap % kernel[1]) * dilations[1]];
    const ends = [top + (rows - 1) * strides[0] + 1, left + (columns - 1) * strides[1] + 1];
    return slice(padded, [top, left], ends, [2, 3], strides);
  });
  const product = summedProduct(byChannel(dy, parts), byPlace(concat(copies, 1), parts));
  return transpose(reshape(product, [outs, ...kernel, channels]), [0, 3, 1, 2]);
}

/** Into how many parts the images are divided, so that their products together have tiles enough. */
function partsFor(images: number, rows: number, columns: number): number {
  const tiles = Math.ceil(rows / tile) * Math.ceil(columns / tile);
  for (let parts = 1; parts < images; parts++)
    if (images % parts === 0 && parts * tiles >= enoughTiles) return parts;
  return images;
}

/** [N, C, H, W] as [parts, N/parts H W, C]. */
function byPlace(x: Value, parts: number): Value {
  return reshape(transpose(x, [0, 2, 3, 1]), [parts, -1, at(x.shape, 1)]);
}

/** [N, C, H, W] as [parts, C, N/parts H W]. */
function byChannel(x: Value, parts: number): Value {
  return transpose(byPlace(x, parts), [0, 2, 1]);
}

/** The sum over the parts of a [parts, R, K] b [parts, K, C]: [R, C]. */
function summedProduct(a: Value, b: Value): Value {
  const products = matmul(a, b);
  const [parts, rows, columns] = [at(products.shape, 0), at(products.shape, 1), at(products.shape, 2)];
  if (parts === 1) return reshape(products, [rows, columns]);
  return reshape(columnSums(reshape(products, [parts, rows * columns])), [rows, columns]);
}
