/**
 * What is known of the elements of values before a graph runs: constants, and sizes on their way from Shape to Reshape. Elements
 * may be open sizes ("N", "floor((H+1)/2)"); operators of shape arithmetic say by `elements` what they make of those.
 */
import { OalError } from "../errors/index.js";
import { ShapeProblem, type Attributes, type KnownValue, type Operator } from "./operator.js";
import { tensorOf } from "./ops/broadcasting.js";
import { isWhole } from "./dims.js";
import { toNumbers, type Dim, type Dims, type Tensor, type ValueType } from "./tensor.js";
import type { Value } from "./value.js";

/** Shapes, axes and tables of places are short; of longer values no elements are kept. */
const mostElements = 1024;

/** The elements of a constant, where they are few. */
export function elementsOfTensor(tensor: Tensor): readonly number[] | null {
  return tensor.data.length <= mostElements ? toNumbers(tensor) : null;
}

function areNumbers(dims: Dims): dims is readonly number[] {
  return dims.every((size) => typeof size === "number");
}

/** A value as a tensor where every element is known as a number: the constant itself, or one made of the elements. */
export function tensorOfKnown(value: Value | null | undefined): Tensor | null {
  if (!value) return null;
  if (value.constant) return value.constant;
  const { knownType, elements } = value;
  if (!knownType || !elements || !areNumbers(elements) || !areNumbers(knownType.shape)) return null;
  return tensorOf(knownType.dtype, knownType.shape, elements);
}

/** What shape rules are given: the types of a node's inputs, and what is known of their elements. */
export function inferTypes(
  operator: Operator,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
): readonly ValueType[] {
  return operator.infer(
    inputs.map((input) => input?.type ?? null),
    attributes,
    inputs.map(tensorOfKnown),
    inputs.map((input) => input?.elements ?? null),
  );
}

/** The elements of a node's outputs, as far as they are known; null where they are not. */
export function elementsOf(
  operator: Operator,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  types: readonly (ValueType | null)[],
): readonly (Dims | null)[] {
  const unknown = types.map(() => null);
  const areShort = types.every((type) => type && elementCount(type) <= mostElements);
  if (operator.opaque || !areShort) return unknown;
  try {
    const tensors = inputs.map(tensorOfKnown);
    if (
      inputs.some((input) => input) &&
      inputs.every((input, index) => !input || shortTensor(tensors[index]))
    )
      return operator.reference(tensors, attributes).map(elementsOfTensor);
    const known = inputs.map((input): KnownValue | null =>
      input?.knownType ? { type: input.knownType, elements: input.elements } : null,
    );
    return operator.elements?.(known, attributes) ?? unknown;
  } catch (error) {
    // An operator without a reference, or elements that it does not take: they stay unknown until the graph runs.
    if (error instanceof ShapeProblem || error instanceof OalError) return unknown;
    throw error;
  }
}

function shortTensor(tensor: Tensor | null | undefined): boolean {
  return tensor !== null && tensor !== undefined && tensor.data.length <= mostElements;
}

/** Infinity where a size is open. */
function elementCount({ shape }: ValueType): number {
  return shape.reduce<number>((count, size) => (typeof size === "number" ? count * size : Infinity), 1);
}

/** The elements of an input in a rule of elements. @throws ShapeProblem where they are not known: the result is not either */
export function elementsAt(inputs: readonly (KnownValue | null)[], index: number): Dims {
  const elements = inputs[index]?.elements;
  if (elements) return elements;
  throw new ShapeProblem(`the elements of input ${index} are not known`);
}

/**
 * The elements of the outputs of an operator that only moves elements: its reference, run on their places.
 *
 * @param moves whether the elements of an input are moved; those of the others say where to, and must be numbers
 */
export function movedElements(
  { reference }: Pick<Operator, "reference">,
  inputs: readonly (KnownValue | null)[],
  attributes: Attributes,
  moves: (input: number) => boolean = (input) => input === 0,
): readonly Dims[] {
  const pool: Dim[] = [];
  const tensors = inputs.map((input, index) => {
    if (!input) return null;
    const elements = elementsAt(inputs, index);
    const shape = input.type.shape;
    if (!areNumbers(shape)) throw new ShapeProblem("an axis is open");
    if (moves(index)) {
      const first = pool.push(...elements) - elements.length;
      return tensorOf(
        "int64",
        shape,
        elements.map((_, place) => first + place),
      );
    }
    if (!areNumbers(elements)) throw new ShapeProblem("places are open sizes");
    return tensorOf(input.type.dtype, shape, elements);
  });
  return reference(tensors, attributes).map((places) =>
    toNumbers(places).map((place) => {
      const element = pool[place];
      if (element === undefined) throw new ShapeProblem("a place is outside");
      return element;
    }),
  );
}

/** Elements of operands that stretch to one another, joined pair by pair. */
export function joinedElements(
  inputs: readonly (KnownValue | null)[],
  join: (a: Dim, b: Dim) => Dim | undefined,
): Dims {
  const [a, b] = [elementsAt(inputs, 0), elementsAt(inputs, 1)];
  const rank = Math.max(inputs[0]?.type.shape.length ?? 0, inputs[1]?.type.shape.length ?? 0);
  // Sizes are scalars and lists: nothing of two axes is on its way to a shape.
  if (rank > 1 || (a.length !== b.length && a.length !== 1 && b.length !== 1))
    throw new ShapeProblem("only lists of sizes are computed with");
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
    const pair = [a[a.length === 1 ? 0 : index] ?? 0, b[b.length === 1 ? 0 : index] ?? 0] as const;
    const joined = pair.every(isWhole) ? join(...pair) : undefined;
    if (joined === undefined) throw new ShapeProblem("the result depends on open sizes");
    return joined;
  });
}
