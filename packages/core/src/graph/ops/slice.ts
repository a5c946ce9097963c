/** Operator Slice: a part of each axis, with steps, also backwards. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { differenceOf, floorOfQuotient, isAtLeast, sumOf } from "../dims.js";
import { movedElements } from "../elements.js";
import { ShapeProblem, type Operator } from "../operator.js";
import { stridesOf, toNumbers, type Dim, type Shape } from "../tensor.js";
import type { Value } from "../value.js";
import {
  at,
  axisOf,
  constantOf,
  flowing,
  inputOf,
  knownAt,
  sizeAt,
  sizesAt,
  tensorAt,
  typeAt,
} from "./access.js";
import { apply, integers } from "./apply.js";
import { offsets, pick } from "./broadcasting.js";
import { spread } from "./interleave.js";
import { pad } from "./pad.js";

export const Slice: Operator = {
  name: "Slice",
  sinceOpset: 11,
  attributes: {},
  infer: (inputs, _attributes, constants, elements) => {
    const { dtype, shape } = typeAt(inputs, 0);
    const [starts, ends] = [sizesAt(elements, 1, "starts"), sizesAt(elements, 2, "ends")];
    const axes = inputs[3] ? knownAt(constants, 3, "axes") : starts.map((_, axis) => axis);
    const steps = inputs[4] ? knownAt(constants, 4, "steps") : [];
    const sizes = [...shape];
    axes.forEach((given, position) => {
      const axis = axisOf(given, shape.length);
      sizes[axis] = cutSize(at(shape, axis), at(starts, position), at(ends, position), steps[position] ?? 1);
    });
    return [{ dtype, shape: sizes }];
  },
  elements: (inputs, attributes) => movedElements(Slice, inputs, attributes),
  gradient: (node, outputGradients) => {
    const lists = [1, 2, 3, 4].map((index) => (node.inputs[index] ? constantOf(node, index) : null));
    const x = inputOf(node, 0);
    // An axis that is not cut may be open: it is taken whole whatever its size, so that 1 stands for it.
    const shape = x.dims.map((size, axis) =>
      typeof size === "string" && !cutAxes(lists, x.rank).includes(axis) ? 1 : x.size(axis),
    );
    const ranges = rangesOf(shape, lists);
    const turned = ranges.flatMap((range, axis) => (range.step < 0 ? [axis] : []));
    let dx = flip(flowing(outputGradients), turned);
    const before: number[] = [];
    const after: number[] = [];
    ranges.forEach(({ start, step, count }, axis) => {
      const stride = Math.abs(step);
      const first = step < 0 ? start + (count - 1) * step : start;
      if (stride > 1) dx = spread(dx, axis, stride);
      before.push(first);
      after.push(sizeAt(shape, axis) - first - ((count - 1) * stride + 1));
    });
    return [pad(dx, [...before, ...after]), null, null, null, null];
  },
  reference: (inputs) => {
    const x = tensorAt(inputs, 0);
    const ranges = rangesOf(
      x.shape,
      [1, 2, 3, 4].map((index) => (inputs[index] ? toNumbers(tensorAt(inputs, index)) : null)),
    );
    const strides = stridesOf(x.shape);
    const start = ranges.reduce((sum, range, axis) => sum + range.start * at(strides, axis), 0);
    const shape = ranges.map((range) => range.count);
    return [
      pick(
        x,
        shape,
        offsets(
          shape,
          ranges.map((range, axis) => range.step * at(strides, axis)),
          start,
        ),
      ),
    ];
  },
  testPoints: [
    slicePoint([4, 5], [1, 0], [3, 5], [0, 1], [1, 2]),
    slicePoint([2, 5], [-1], [-100], [1], [-1]),
    slicePoint([2, 7], [5], [0], [-1], [-2]),
    slicePoint([3, 4, 2], [-2], [1000], [1], [1]),
    slicePoint([3, 4, 2], [1, 0], [3, 3]),
    slicePoint([3, 4, 2], [0, 1], [1, 2], [2, 0]),
  ],
};

function slicePoint(shape: Shape, ...lists: readonly (readonly number[])[]): Operator["testPoints"][number] {
  const constants = lists.map(
    (values) => ({ dtype: "int64", shape: [values.length], values, constant: true }) as const,
  );
  return { inputs: [{ dtype: "float32", shape }, ...constants] };
}

interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Starts, ends, axes and steps; the last two may be left out. */
type Lists = readonly (readonly number[] | null)[];

/** The axes that are cut: the first ones when left out. */
function axesOf([starts, , axes]: Lists): readonly number[] {
  return axes ?? starts?.map((_, axis) => axis) ?? [];
}

/** How much of an axis is left between two bounds, some of the sizes open. */
function cutSize(size: Dim, start: Dim, end: Dim, step: number): Dim {
  if (typeof size === "number" && typeof start === "number" && typeof end === "number")
    return at(rangesOf([size], [[start], [end], [0], [step]]), 0).count;
  if (step === -1 && start === -1 && typeof end === "number" && end <= -farAway) return size;
  const problem = new ShapeProblem(
    `how much of the open size "${size}" lies from ${start} to ${end} is not known`,
  );
  if (step < 1) throw problem;
  // From the end where negative, never beyond it; both must hold for every open size.
  const bound = (given: Dim): Dim => {
    if (typeof given === "number" && Math.abs(given) >= farAway) return given > 0 ? size : 0;
    const place = isAtLeast(given, 0)
      ? given
      : isAtLeast(differenceOf(0, given), 1)
        ? sumOf([size, given])
        : null;
    if (place === null || !isAtLeast(place, 0)) throw problem;
    if (isAtLeast(differenceOf(size, place), 0)) return place;
    if (isAtLeast(differenceOf(place, size), 0)) return size;
    throw problem;
  };
  const length = differenceOf(bound(end), bound(start));
  if (!isAtLeast(length, 0)) throw problem;
  return floorOfQuotient(sumOf([length, step - 1]), step);
}

/** Bounds of at least this are "the end": no axis is that long. */
const farAway = 2 ** 31 - 1;

/** ONNX's clamping rules, one range per axis. */
/** The axes that a slice names, counted from the front. */
function cutAxes(lists: Lists, rank: number): number[] {
  return axesOf(lists).map((axis) => axisOf(axis, rank));
}

function rangesOf(shape: Shape, lists: Lists): Range[] {
  const ranges: Range[] = shape.map((size) => ({ start: 0, step: 1, count: size }));
  const [starts, ends, , steps] = lists;
  axesOf(lists).forEach((givenAxis, position) => {
    const axis = axisOf(givenAxis, shape.length);
    const size = sizeAt(shape, axis);
    const step = steps?.[position] ?? 1;
    if (step === 0) throw new ShapeProblem("step 0");
    const clamp = (bound: number): number =>
      Math.min(step > 0 ? size : size - 1, Math.max(step > 0 ? 0 : -1, bound < 0 ? bound + size : bound));
    const start = Math.max(0, clamp(at(starts ?? [], position)));
    const end = clamp(at(ends ?? [], position));
    ranges[axis] = { start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
  return ranges;
}

/**
 * x[starts : ends : steps] along `axes` (default the first ones). Negative bounds count from the end, bounds beyond it
 * are clamped; steps default to 1.
 */
export function slice(
  x: Value,
  starts: readonly number[],
  ends: readonly number[],
  axes?: readonly number[],
  steps?: readonly number[],
): Value {
  expectArguments("slice", {
    x: [x, aValue],
    starts: [starts, kinds.integers],
    ends: [ends, kinds.integers],
    axes: [axes, kinds.optional(kinds.integers)],
    steps: [steps, kinds.optional(kinds.integers)],
  });
  const along = axes ?? starts.map((_, axis) => axis);
  const strides = steps ?? starts.map(() => 1);
  return apply(Slice, [x, ...[starts, ends, along, strides].map((list) => integers(x.graph, list))]);
}

/** x with the order along some axes reversed. */
export function flip(x: Value, axes: readonly number[]): Value {
  expectArguments("flip", { x: [x, aValue], axes: [axes, kinds.integers] });
  const turned = axes.filter((axis) => x.dims[axis] !== 1);
  if (turned.length === 0) return x;
  const all = (value: number): number[] => turned.map(() => value);
  return slice(x, all(-1), all(-2147483648), turned, all(-1));
}
