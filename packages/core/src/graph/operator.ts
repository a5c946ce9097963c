/**
 * What an operator is: one object with its ONNX name, shape rule, gradient rule, plain reference and test points.
 * The table of all operators is ops/index.ts; generic tests are generated from it.
 */
import type { Tensor, TensorType } from "./tensor.js";
import type { Node, Value } from "./value.js";

/** The ONNX kinds of attribute oal uses; a "note" is for the plain reference only and is not written. */
export type AttributeKind = "int" | "ints" | "float" | "floats" | "string" | "note";

/** The attributes of one node. */
export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/**
 * The vector-Jacobian product of an operator, as more graph: given the gradients of its outputs (null = none flows),
 * the gradient of each input (null = none). `wants` says whether the gradient of an input is asked for, which has
 * nothing to do with its being a constant; what is not wanted need not be built, and is left alone when it is.
 */
export type GradientRule = (
  node: Node,
  outputGradients: readonly (Value | null)[],
  wants: (input: number) => boolean,
) => readonly (Value | null)[];

/** An input of a test point: random in a range (default [-1, 1]) or constant values. */
export interface TestInput extends TensorType {
  readonly range?: readonly [number, number];
  readonly values?: readonly number[];
  /** The graph must know this input's value when it is built (axes, shapes, pads). */
  readonly constant?: boolean;
}

/** One generated test of an operator: engine = reference, gradient = central difference. */
export interface TestPoint {
  readonly inputs: readonly (TestInput | null)[];
  readonly attributes?: Attributes;
}

/** An operator of the graph. */
export interface Operator {
  /** Name in the table. */
  readonly name: string;
  /** ONNX op_type when it differs from `name`. */
  readonly onnxType?: string;
  /** ONNX operator domain (version 1) when it is not the standard one; such an operator runs on the CPU only. */
  readonly domain?: string;
  readonly sinceOpset: number;
  readonly attributes: Readonly<Record<string, AttributeKind>>;
  /** Types of the outputs; throws ShapeProblem when the inputs do not fit. `constants` holds the values known at build time. */
  infer(
    inputs: readonly (TensorType | null)[],
    attributes: Attributes,
    constants: readonly (Tensor | null)[],
  ): readonly TensorType[];
  /** "none" says explicitly that no gradient flows through. */
  readonly gradient: GradientRule | "none";
  /** Plain loops, for tests and for machines without an engine. */
  reference(inputs: readonly (Tensor | null)[], attributes: Attributes): readonly Tensor[];
  readonly testPoints: readonly TestPoint[];
}

/** Thrown by shape rules; the graph turns it into OAL-G101 with the layer path. */
export class ShapeProblem extends Error {}

/** An int attribute. */
export function int(attributes: Attributes, name: string, fallback?: number): number {
  const value = attributes[name] ?? fallback;
  if (typeof value === "number") return value;
  throw new ShapeProblem(`attribute ${name} is not a number`);
}

/** A float attribute; TypeScript has one type for both. */
export function float(attributes: Attributes, name: string, fallback?: number): number {
  return int(attributes, name, fallback);
}

/** A list attribute. */
export function ints(attributes: Attributes, name: string, fallback?: readonly number[]): readonly number[] {
  const value = attributes[name] ?? fallback;
  if (typeof value === "object") return value;
  throw new ShapeProblem(`attribute ${name} is not a list`);
}

/** A string attribute. */
export function text(attributes: Attributes, name: string, fallback?: string): string {
  const value = attributes[name] ?? fallback;
  if (typeof value === "string") return value;
  throw new ShapeProblem(`attribute ${name} is not a string`);
}
