/** Shared parts of the Reduce operators: axes as a constant input (opset 18), keepdims as an attribute. */
import { aValue } from "./operands.js";
import { expectArguments, kinds } from "../../errors/index.js";
import { int, ShapeProblem, type Attributes, type GradientRule, type Operator } from "../operator.js";
import { sizeOf, stridesOf, toNumbers, type Dim } from "../tensor.js";
import type { Node, Value } from "../value.js";
import { at, axisOf, constantOf, inputOf, knownAt, signedAt, tensorAt } from "./access.js";
import { apply, integers } from "./apply.js";
import { offsets, tensorOf } from "./broadcasting.js";
import { reshape } from "./reshape.js";

/** A Reduce operator from the function it applies to the elements of one group. */
export function reduction(
  name: string,
  sinceOpset: number,
  compute: (group: Float64Array) => number,
  gradient: GradientRule,
): Operator {
  return {
    name,
    sinceOpset,
    attributes: { keepdims: "int", noop_with_empty_axes: "int" },
    infer: (inputs, attributes, constants) => {
      const { dtype, shape } = signedAt(inputs, 0);
      const axes = axesOf(inputs[1] ? knownAt(constants, 1, "axes") : [], shape.length, attributes);
      return [{ dtype, shape: reducedShape(shape, axes, int(attributes, "keepdims", 1) === 1) }];
    },
    gradient,
    reference: (inputs, attributes) => {
      const x = tensorAt(inputs, 0);
      const axes = axesOf(inputs[1] ? toNumbers(inputs[1]) : [], x.shape.length, attributes);
      const strides = stridesOf(x.shape);
      const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
      const walk = (along: readonly number[]): Int32Array =>
        offsets(
          along.map((axis) => at(x.shape, axis)),
          along.map((axis) => at(strides, axis)),
        );
      const within = walk(axes);
      const results = Float64Array.from(walk(kept), (start) =>
        compute(Float64Array.from(within, (offset) => Number(x.data[start + offset]))),
      );
      return [tensorOf(x.dtype, reducedShape(x.shape, axes, int(attributes, "keepdims", 1) === 1), results)];
    },
    testPoints: [
      ...(
        [
          [[1], 0],
          [[0, 2], 1],
          [[-1, 0, 1], 0],
          [[0], 0],
        ] as const
      ).map(([axes, keepdims]) => ({
        inputs: [
          { dtype: "float32", shape: [3, 4, 2] } as const,
          { dtype: "int64", shape: [axes.length], values: axes, constant: true } as const,
        ],
        attributes: { keepdims },
      })),
      { inputs: [{ dtype: "float32", shape: [3, 2] }] },
    ],
  };
}

/** A node of a Reduce operator over `axes` (all when left out). */
export function reduce(
  operator: Operator,
  x: Value,
  axes: readonly number[] | undefined,
  keepDims: boolean,
): Value {
  expectArguments(operator.name, { x: [x, aValue], axes: [axes, kinds.optional(kinds.integers)] });
  const chosen = axes ?? x.dims.map((_, axis) => axis);
  if (chosen.length === 0) return x;
  return apply(operator, [x, integers(x.graph, chosen)], { keepdims: keepDims ? 1 : 0 });
}

/** A gradient or result of a Reduce node with its vanished axes back as size 1. */
export function withAxes(node: Node, value: Value): Value {
  const kept = reducedShape(inputOf(node, 0).dims, reducedAxes(node), true);
  return kept.join() === value.dims.join() ? value : reshape(value, kept);
}

/** How many elements of its input go into one result of a Reduce node. */
export function groupSize(node: Node): number {
  return sizeOf(reducedAxes(node).map((axis) => inputOf(node, 0).size(axis)));
}

/** The axes of a Reduce node, counted from the front. */
export function reducedAxes(node: Node): number[] {
  return axesOf(node.inputs[1] ? constantOf(node, 1) : [], inputOf(node, 0).rank, node.attributes);
}

/** Axes counted from the front: all when none are named, unless the node then does nothing. */
function axesOf(given: readonly number[], rank: number, attributes: Attributes): number[] {
  if (given.length > 0) return given.map((axis) => axisOf(axis, rank));
  if (int(attributes, "noop_with_empty_axes", 0) === 1)
    throw new ShapeProblem("a reduction over no axes is not supported");
  return Array.from({ length: rank }, (_, axis) => axis);
}

function reducedShape<D extends Dim>(
  shape: readonly D[],
  axes: readonly number[],
  keepDims: boolean,
): readonly (D | 1)[] {
  return shape.flatMap<D | 1>((size, axis) => (!axes.includes(axis) ? [size] : keepDims ? [1] : []));
}
