/** Gradient of a convolution by its weight, in the formulations that are fast in ONNX Runtime (ENGINE 3.2). */
import { Composite } from "../composite.js";
import type { Value } from "../value.js";
import { at } from "./access.js";
import { add } from "./add.js";
import { concat } from "./concat.js";
import { conv2d } from "./conv.js";
import { gemm } from "./gemm.js";
import { matmul } from "./matMul.js";
import { pad } from "./pad.js";
import { reduceSum } from "./reduceSum.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { swapLast, transpose } from "./transpose.js";
import type { Windows } from "./windows.js";

/** dW of an ungrouped convolution of `x`, given dY. */
export const weightGradients = new Composite<{
  readonly x: Value;
  readonly dy: Value;
  readonly windows: Windows;
}>();

/** Pixels of a map from which the shifted copies of all images together would take too much memory. */
const largeMap = 64 * 64;
/** Bytes that one group of images may take in shifted copies. */
const copiesBytes = 64 * 2 ** 20;

/**
 * dW [O, C/group, KH, KW] from X [N, C, H, W] and dY [N, O, H', W']. Maps above 64x64 are taken a few images at a time, and the
 * parts added, because the formulations copy either side several times.
 */
export function convWeightGradient(x: Value, dy: Value, windows: Windows, group: number): Value {
  const images = at(x.shape, 0);
  const places = at(dy.shape, 2) * at(dy.shape, 3);
  const copied = windows.kernel[1] * at(x.shape, 1) + windows.kernel[0] * at(dy.shape, 1);
  const atOnce = Math.max(1, Math.floor(copiesBytes / (4 * copied * places)));
  if (places <= largeMap || atOnce >= images) return wholeGradient(x, dy, windows, group);
  const parts = Array.from({ length: Math.ceil(images / atOnce) }, (_, part) => {
    const [first, last] = [part * atOnce, Math.min(images, (part + 1) * atOnce)];
    return wholeGradient(slice(x, [first], [last], [0]), slice(dy, [first], [last], [0]), windows, group);
  });
  return parts.reduce((sum, part) => add(sum, part));
}

/** The same, all images at once. */
function wholeGradient(x: Value, dy: Value, windows: Windows, group: number): Value {
  const gradient = formulated(x, dy, windows, group);
  return group === 1 ? weightGradients.mark(gradient, { x, dy, windows }) : gradient;
}

function formulated(x: Value, dy: Value, windows: Windows, group: number): Value {
  const { kernel, strides, pads } = windows;
  const taps = kernel[0] * kernel[1];
  if (group === 1 && taps === 1 && pads.every((amount) => amount === 0)) return pointwise(x, dy, windows);
  if (group === 1 && strides[0] === 1 && strides[1] === 1 && taps <= 25) return shifted(x, dy, windows);
  if (group === 1 && (taps <= 16 || taps * at(x.shape, 1) <= 256)) return unfolded(x, dy, windows);
  return swapped(x, dy, windows, group);
}

/** 1x1: one product per image, summed. */
function pointwise(x: Value, dy: Value, windows: Windows): Value {
  const [rows, columns] = [at(dy.shape, 2), at(dy.shape, 3)];
  const [down, right] = windows.strides;
  const isStrided = down !== 1 || right !== 1;
  const seen = isStrided
    ? slice(x, [0, 0], [(rows - 1) * down + 1, (columns - 1) * right + 1], [2, 3], [down, right])
    : x;
  const product = imageProduct(dy, seen);
  return reshape(product, [...product.shape, 1, 1]);
}

/**
 * Stride 1: KW copies of X shifted along the columns and KH copies of dY shifted against the rows, whose one product
 * holds all KH * KW taps. KW + KH copies instead of KW * KH.
 */
function shifted(x: Value, dy: Value, { kernel, dilations, pads }: Windows): Value {
  const [height, width] = [at(x.shape, 2), at(x.shape, 3)];
  const [rows, columns] = [at(dy.shape, 2), at(dy.shape, 3)];
  const xShifts = Array.from({ length: kernel[1] }, (_, j) => {
    const before = pads[1] - j * dilations[1];
    return pad(x, [0, 0, 0, before, 0, 0, 0, columns - width - before]);
  });
  const dyShifts = Array.from({ length: kernel[0] }, (_, i) => {
    const before = i * dilations[0] - pads[0];
    return pad(dy, [0, 0, before, 0, 0, 0, height - rows - before, 0]);
  });
  const product = imageProduct(concat(dyShifts, 1), concat(xShifts, 1));
  const byTap = reshape(product, [kernel[0], at(dy.shape, 1), kernel[1], at(x.shape, 1)]);
  return transpose(byTap, [1, 3, 0, 2]);
}

/** With a stride: one copy of X per tap, each the size of dY; 2 times faster than the convolution with swapped axes. */
function unfolded(x: Value, dy: Value, { kernel, strides, dilations, pads }: Windows): Value {
  const [rows, columns] = [at(dy.shape, 2), at(dy.shape, 3)];
  const padded = pad(x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const copies = Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const [top, left] = [Math.floor(tap / kernel[1]) * dilations[0], (tap % kernel[1]) * dilations[1]];
    const ends = [top + (rows - 1) * strides[0] + 1, left + (columns - 1) * strides[1] + 1];
    return slice(padded, [top, left], ends, [2, 3], strides);
  });
  const product = imageProduct(dy, concat(copies, 1));
  return transpose(reshape(product, [at(dy.shape, 1), ...kernel, at(x.shape, 1)]), [0, 3, 1, 2]);
}

/** sum over images n and places p of a[n, o, p] b[n, c, p]: [O, C]. Small maps as one product, large ones per image. */
function imageProduct(a: Value, b: Value): Value {
  const [images, places] = [at(a.shape, 0), at(a.shape, 2) * at(a.shape, 3)];
  const [outs, ins] = [at(a.shape, 1), at(b.shape, 1)];
  if (places <= 64 && outs >= 128) {
    const flat = (value: Value, channels: number): Value =>
      reshape(transpose(value, [1, 0, 2, 3]), [channels, images * places]);
    return gemm(flat(a, outs), flat(b, ins), null, { transB: true });
  }
  const batched = matmul(reshape(a, [images, outs, places]), swapLast(reshape(b, [images, ins, places])));
  return reduceSum(batched, [0]);
}

/**
 * Any stride, dilation and grouping: a convolution of X by dY with images in the place of channels; stride and dilation
 * change places. Taps beyond the kernel, which appear when windows drop an edge, are cropped.
 */
function swapped(x: Value, dy: Value, windows: Windows, group: number): Value {
  const images = at(x.shape, 0);
  const perGroup = at(x.shape, 1) / group;
  const size = x.shape.slice(2);
  const grouped = transpose(reshape(x, [images, group, perGroup, ...size]), [2, 1, 0, 3, 4]);
  const byChannel = reshape(grouped, [perGroup, group * images, ...size]);
  const taps = conv2d(byChannel, transpose(dy, [1, 0, 2, 3]), null, {
    strides: windows.dilations,
    dilations: windows.strides,
    pads: windows.pads,
    group,
  });
  return transpose(slice(taps, [0, 0], windows.kernel, [2, 3]), [1, 0, 2, 3]);
}
