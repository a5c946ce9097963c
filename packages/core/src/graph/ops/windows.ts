/** Sliding windows over images [N, C, H, W]: the geometry shared by convolutions and pooling. */
import { int, ints, ShapeProblem, text, type Attributes } from "../operator.js";
import { floorOfQuotient, sumOf } from "../dims.js";
import type { Dim, Dims, Shape } from "../tensor.js";
import { at, number } from "./access.js";

/** A pair for the two image axes, rows first. */
export type Pair = readonly [number, number];

/** Two sizes, strides or dilations; a single number means both. */
export type PairLike = number | readonly number[];

/** A window's shape and movement. Padding is [top, left, bottom, right]. */
export interface Windows {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: readonly [number, number, number, number];
}

/** Attributes every windowed operator has. */
export const windowAttributes = {
  kernel_shape: "ints",
  strides: "ints",
  dilations: "ints",
  pads: "ints",
  auto_pad: "string",
} as const;

/**
 * Reads the window attributes of a node.
 *
 * @param image shape [N, C, H, W] of what the windows move over, from which auto_pad makes its pads; null: only pads are known
 * @param kernel default: the attribute kernel_shape, which must be equal where both are given
 */
export function windowsOf(attributes: Attributes, image: Dims | null, kernel?: readonly number[]): Windows {
  const given = attributes["kernel_shape"] === undefined ? kernel : ints(attributes, "kernel_shape");
  if (kernel && given && kernel.join() !== given.join())
    throw new ShapeProblem(`kernel_shape [${given.join(", ")}] is not the weight's [${kernel.join(", ")}]`);
  const windows = {
    kernel: pairOf(given ?? ints(attributes, "kernel_shape")),
    strides: pairOf(ints(attributes, "strides", [1, 1])),
    dilations: pairOf(ints(attributes, "dilations", [1, 1])),
  };
  return { ...windows, pads: padsOfNode(attributes, image, windows) };
}

function padsOfNode(
  attributes: Attributes,
  image: Dims | null,
  windows: Omit<Windows, "pads">,
): Windows["pads"] {
  const auto = text(attributes, "auto_pad", "NOTSET");
  if (auto === "VALID") return [0, 0, 0, 0];
  if (auto === "NOTSET") {
    const pads = ints(attributes, "pads", [0, 0, 0, 0]);
    if (pads.length !== 4) throw new ShapeProblem(`two image axes need 4 pads, got ${pads.length}`);
    return [at(pads, 0), at(pads, 1), at(pads, 2), at(pads, 3)];
  }
  if ((auto !== "SAME_UPPER" && auto !== "SAME_LOWER") || !image || isCeil(attributes))
    throw new ShapeProblem(`auto_pad ${auto} is not supported here, give pads`);
  // As many windows as strides begin in the image; the odd element of padding goes to the named side.
  const [top, bottom, left, right] = ([0, 1] as const).flatMap((axis) => {
    const size = number(at(image, axis + 2));
    const reached =
      (Math.ceil(size / windows.strides[axis]) - 1) * windows.strides[axis] + spanOf(windows, axis);
    const total = Math.max(0, reached - size);
    const less = Math.floor(total / 2);
    return auto === "SAME_UPPER" ? [less, total - less] : [total - less, less];
  });
  return [top ?? 0, left ?? 0, bottom ?? 0, right ?? 0];
}

/** A pair from one or two numbers. */
export function pairOf(value: PairLike): Pair {
  if (typeof value === "number") return [value, value];
  if (value.length !== 2) throw new ShapeProblem(`two image axes need 2 numbers, got [${value.join(", ")}]`);
  return [at(value, 0), at(value, 1)];
}

/** [top, left, bottom, right] from one number for all sides, [rows, columns] or all four. */
export function padsOf(value: PairLike): number[] {
  if (typeof value === "number") return [value, value, value, value];
  return value.length === 2 ? [...value, ...value] : [...value];
}

/** Rows or columns a dilated kernel spans. */
export function spanOf({ kernel, dilations }: Omit<Windows, "pads">, axis: 0 | 1): number {
  return (kernel[axis] - 1) * dilations[axis] + 1;
}

/** How many windows fit along an image axis; with ceilMode also one that starts inside but ends beyond the padding. */
export function countOf(windows: Windows, axis: 0 | 1, size: Dim, ceilMode = false): Dim {
  const [before, after] = [windows.pads[axis], windows.pads[axis === 0 ? 2 : 3]];
  const [span, stride] = [spanOf(windows, axis), windows.strides[axis]];
  const room = sumOf([size, before + after - span]);
  if (typeof room === "number" && room < 0)
    throw new ShapeProblem(`a window of ${span} does not fit into ${size} with padding`);
  const count = sumOf([floorOfQuotient(ceilMode ? sumOf([room, stride - 1]) : room, stride), 1]);
  // A window that starts behind the image is none; where the sizes forbid it there is nothing to compare.
  if (!ceilMode || after + stride <= span) return count;
  return (number(count) - 1) * stride >= number(size) + before ? number(count) - 1 : count;
}

/** [rows, columns] of the result on an image shape [N, C, H, W]. */
export function gridOf(windows: Windows, shape: Shape, ceilMode = false): Pair {
  return [
    number(countOf(windows, 0, at(shape, 2), ceilMode)),
    number(countOf(windows, 1, at(shape, 3), ceilMode)),
  ];
}

/** As {@link gridOf}, for shape rules: image axes may be open. */
export function gridDims(attributes: Attributes, shape: Dims, kernel?: readonly number[]): Dims {
  const isSame = text(attributes, "auto_pad", "NOTSET").startsWith("SAME_");
  if (isSame && !isCeil(attributes) && shape.slice(2).some((size) => typeof size === "string")) {
    // One window for every stride that begins in the image, whatever padding that takes.
    const strides = pairOf(ints(attributes, "strides", [1, 1]));
    return strides.map((stride, axis) => floorOfQuotient(sumOf([at(shape, axis + 2), stride - 1]), stride));
  }
  const windows = windowsOf(attributes, shape, kernel);
  const ceil = isCeil(attributes);
  return [countOf(windows, 0, at(shape, 2), ceil), countOf(windows, 1, at(shape, 3), ceil)];
}

/** The ceil_mode attribute. */
export function isCeil(attributes: Attributes): boolean {
  return int(attributes, "ceil_mode", 0) === 1;
}

/** Window attributes for a node, defaults left out. */
export function windowNode(options: {
  kernel?: PairLike;
  strides?: PairLike | undefined;
  dilations?: PairLike | undefined;
  pads?: PairLike | undefined;
}): Record<string, readonly number[]> {
  const attributes: Record<string, readonly number[]> = {};
  if (options.kernel !== undefined) attributes["kernel_shape"] = both(options.kernel);
  if (options.strides !== undefined) attributes["strides"] = both(options.strides);
  if (options.dilations !== undefined) attributes["dilations"] = both(options.dilations);
  if (options.pads !== undefined) attributes["pads"] = padsOf(options.pads);
  return attributes;
}

function both(value: PairLike): readonly number[] {
  return typeof value === "number" ? [value, value] : [...value];
}
