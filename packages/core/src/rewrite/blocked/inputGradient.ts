/**
 * dX of a convolution, from dY (ENGINE 3.1). Stride 1: one convolution with the kernel turned by half a turn. Stride s: every s-th row
 * and column of dX depends on the same taps, so that it is s^2 convolutions with a part of the taps each, put together like a chequerboard.
 */
import { at, inputOf } from "../../graph/ops/access.js";
import { Add } from "../../graph/ops/add.js";
import { blockedConv } from "../../graph/ops/blockedConv.js";
import { concat } from "../../graph/ops/concat.js";
import { inputGradients } from "../../graph/ops/convInputGradient.js";
import { pad } from "../../graph/ops/pad.js";
import { reshape } from "../../graph/ops/reshape.js";
import type { Pair, Windows } from "../../graph/ops/windows.js";
import type { Value } from "../../graph/value.js";
import type { Builder, Extras } from "./builder.js";
import { backwardFilter } from "./filters.js";
import type { Layout } from "./layout.js";

/** Which taps one row (or column) in `stride` of dX depends on, and how dY is padded for them. */
interface Phase {
  /** In the order in which the convolution meets dY. */
  readonly taps: readonly number[];
  readonly before: number;
  readonly after: number;
}

/** dX by its phases. */
interface Phases {
  readonly rows: readonly Phase[];
  readonly columns: readonly Phase[];
  /** Whether only the first of every s rows and columns depends on dY at all. */
  readonly isSparse: boolean;
  /** The rows and columns of one phase. */
  readonly convolved: (row: Phase, column: Phase, extras: Extras) => Value;
}

export function inputGradientBuilder(value: Value, layout: Layout): Builder | null {
  const phases = phasesFor(value, layout);
  if (!phases) return null;
  const { rows, columns, isSparse } = phases;
  const [row, column] = [at(rows, 0), at(columns, 0)];
  if (rows.length * columns.length === 1)
    return {
      room: "sum and activation",
      isCheap: false,
      build: (extras) => phases.convolved(row, column, extras),
    };
  const build = (): Value =>
    isSparse
      ? spread(phases.convolved(row, column, {}), [rows.length, columns.length], layout.block)
      : allPhases(phases, null, layout.block);
  return { room: "nothing", isCheap: false, build };
}

/**
 * The sum of two dX of the same strides, of which one has every s-th row and column alone (a shortcut of one pixel): that one is added
 * to the first phase of the other, before the phases are put together.
 */
export function sparseSumBuilder(value: Value, layout: Layout): Builder | null {
  const { node } = value;
  if (node?.operator !== Add) return null;
  const operands = [inputOf(node, 0), inputOf(node, 1)];
  if (operands.some((operand) => layout.readers(operand) > 1)) return null;
  const phases = operands.map((operand) => phasesFor(operand, layout));
  const [sparse, dense] = [
    phases.find((each) => each?.isSparse),
    phases.find((each) => each?.isSparse === false),
  ];
  if (!sparse || !dense || sparse.rows.length !== dense.rows.length) return null;
  if (sparse.columns.length !== dense.columns.length) return null;
  const build = (): Value => {
    const summand = sparse.convolved(at(sparse.rows, 0), at(sparse.columns, 0), {});
    return allPhases(dense, summand, layout.block);
  };
  return { room: "nothing", isCheap: false, build };
}

function allPhases({ rows, columns, convolved }: Phases, first: Value | null, block: number): Value {
  const tiles = rows.map((row, i) =>
    columns.map((column, j) => convolved(row, column, i + j === 0 && first ? { sum: first } : {})),
  );
  return interleaved(tiles, block);
}

/** The phases of a value that is dX of a convolution; null where it is not, or they do not make it up. */
function phasesFor(value: Value, layout: Layout): Phases | null {
  const parts = inputGradients.partsOf(value);
  if (!parts || parts.weight.constant || !layout.shapeOf(value) || !layout.shapeOf(parts.dy)) return null;
  const { dy, weight, shape, windows } = parts;
  const rows = phasesOf(windows, 0, at(shape, 2), at(dy.shape, 2));
  const columns = phasesOf(windows, 1, at(shape, 3), at(dy.shape, 3));
  if (!rows || !columns) return null;
  const isEmpty = ({ taps }: Phase): boolean => taps.length === 0;
  const isStrided = rows.length * columns.length > 1;
  const isSparse = isStrided && [...rows.slice(1), ...columns.slice(1)].every(isEmpty);
  const needed = isSparse ? [at(rows, 0), at(columns, 0)] : [...rows, ...columns];
  if (needed.some(isEmpty)) return null;
  return {
    rows,
    columns,
    isSparse,
    convolved: (row, column, extras) => {
      const kernel = [row.taps.length, column.taps.length] as const;
      const taps = row.taps.flatMap((i) => column.taps.map((j) => i * windows.kernel[1] + j));
      return blockedConv(layout.blocked(dy), backwardFilter(weight, taps, kernel, layout), {
        pads: [row.before, column.before, row.after, column.after],
        dilations: windows.dilations,
        ...extras,
        block: layout.block,
      });
    },
  };
}

/** The phases of an axis; null where dX would have to be cropped or does not consist of whole strides. */
function phasesOf(windows: Windows, axis: 0 | 1, size: number, from: number): readonly Phase[] | null {
  const [kernel, stride, dilation] = [windows.kernel[axis], windows.strides[axis], windows.dilations[axis]];
  if (size % stride !== 0 || (stride > 1 && dilation > 1)) return null;
  const phases = Array.from({ length: stride }, (_, row): Phase => {
    const [first, ahead] = [
      (row + windows.pads[axis]) % stride,
      Math.floor((row + windows.pads[axis]) / stride),
    ];
    const count = Math.max(0, Math.ceil((kernel - first) / stride));
    const taps = Array.from({ length: count }, (__, index) => first + stride * (count - 1 - index));
    const before = (count - 1) * dilation - ahead;
    return { taps, before, after: size / stride - from + (count - 1) * dilation - before };
  });
  const isCropped = phases.some(({ taps, before, after }) => taps.length > 0 && (before < 0 || after < 0));
  return isCropped ? null : phases;
}

/** Tiles [N, C, H, W] of rows r and columns c of every s, as [N, C, s H, s W]. */
function interleaved(tiles: readonly (readonly Value[])[], block: number): Value {
  const rows = tiles.map((row) => {
    const [images, channels, height, width] = sizesOf(at(row, 0));
    const pixels = row.map((tile) => reshape(tile, [images * (channels / block) * height * width, block]));
    return { line: concat(pixels, 1), images, channels, height, width: width * row.length };
  });
  const { images, channels, height, width } = at(rows, 0);
  const lines = rows.map(({ line }) => reshape(line, [images * (channels / block) * height, width * block]));
  return reshape(concat(lines, 1), [images, channels, height * rows.length, width]);
}

/** One tile with zeros in the place of all others. */
function spread(tile: Value, [down, right]: Pair, block: number): Value {
  const [images, channels, height, width] = sizesOf(tile);
  const pixels = reshape(tile, [images * (channels / block) * height, 1, width, block]);
  const spaced = pad(pixels, [0, 0, 0, 0, 0, down - 1, 0, (right - 1) * block]);
  return reshape(spaced, [images, channels, height * down, width * right]);
}

function sizesOf({ shape }: Value): [images: number, channels: number, height: number, width: number] {
  return [at(shape, 0), at(shape, 1), at(shape, 2), at(shape, 3)];
}
