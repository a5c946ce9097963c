/**
 * What an operator is: one object with its ONNX name, shape rule, gradient rule, plain reference and test points. A node
 * holds the object itself, so an operator may come from anywhere; the table ops/index.ts lists oal's own for tests and
 * for reading ONNX files.
 */
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import type { OpaqueNode } from "./onnx/opaque.js";
import type { Dims, Tensor, TensorType, ValueType } from "./tensor.js";
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

/** What is known of an input before the graph runs: its type, and its elements, row-major, where it carries sizes. */
export interface KnownValue {
  readonly type: ValueType;
  readonly elements: Dims | null;
}

/** An operator of the graph. */
export interface Operator {
  /** Name in messages and in the names of nodes. */
  readonly name: string;
  /** ONNX op_type when it differs from `name`. */
  readonly onnxType?: string;
  /** ONNX operator domain when it is not the standard one. */
  readonly domain?: string;
  /** The version of its domain since which the operator has this form. */
  readonly sinceOpset: number;
  readonly attributes: Readonly<Record<string, AttributeKind>>;
  /** Attributes that a later version brought, with that version. */
  readonly newerAttributes?: Readonly<Record<string, number>>;
  /** Inputs that a later version brought, by index, with that version. */
  readonly newerInputs?: Readonly<Record<number, number>>;
  /**
   * Types of the outputs; throws ShapeProblem when the inputs do not fit. `constants` holds the values known at build time,
   * `elements` also those of which only open sizes are known: ["N", 3, 32].
   */
  infer(
    inputs: readonly (ValueType | null)[],
    attributes: Attributes,
    constants: readonly (Tensor | null)[],
    elements: readonly (Dims | null)[],
  ): readonly ValueType[];
  /**
   * Elements of the outputs where those of the inputs are known and some are open sizes; for operators of shape arithmetic. Throws
   * ShapeProblem where they are not known. Numbers alone go through the reference.
   */
  elements?(inputs: readonly (KnownValue | null)[], attributes: Attributes): readonly (Dims | null)[];
  /** "none" says explicitly that no gradient flows through. */
  readonly gradient: GradientRule | "none";
  /**
   * Whether its whole numbers stand for the floats that it was given (QuantizeLinear): a gradient flows through them, as one of those
   * floats. Of all other operators whole numbers and truths carry none.
   */
  readonly standsForFloats?: boolean;
  /** Plain loops, for tests and for machines without an engine. */
  reference(inputs: readonly (Tensor | null)[], attributes: Attributes): readonly Tensor[];
  readonly testPoints: readonly TestPoint[];
  /**
   * Whether element i of the result depends on element i of the operands alone, which stretch to one another: then it may run on
   * operands in any memory order that they share.
   */
  readonly elementwise?: boolean;
  /** Set for a node that was read and not understood: what was kept of it. */
  readonly opaque?: OpaqueNode;
}

const isRule = (value: unknown): boolean => value === "none" || typeof value === "function";

/** An operator as an argument. */
export const anOperator = kinds.fields({
  name: kinds.name,
  sinceOpset: kinds.positiveCount,
  attributes: kinds.record,
  infer: kinds.callback,
  gradient: kind('a gradient rule or "none"', isRule),
  reference: kinds.callback,
});

/** An operator as its author writes it down: what most operators do not need may be left out. */
export interface OperatorDefinition extends Pick<Operator, "name" | "onnxType" | "domain" | "infer"> {
  /** Default 1. */
  readonly sinceOpset?: number;
  /** Default none. */
  readonly attributes?: Operator["attributes"];
  /** Default "none". */
  readonly gradient?: Operator["gradient"];
  /** Default: there is none, and `evaluateReference` refuses the graph with OAL-G111. */
  readonly reference?: Operator["reference"];
  /** Default none. */
  readonly testPoints?: Operator["testPoints"];
}

const aDefinition = kinds.fields({
  name: kinds.name,
  onnxType: kinds.optional(kinds.name),
  domain: kinds.optional(kinds.name),
  sinceOpset: kinds.optional(kinds.positiveCount),
  attributes: kinds.optional(kinds.record),
  infer: kinds.callback,
  gradient: kinds.optional(kind('a gradient rule or "none"', isRule)),
  reference: kinds.optional(kinds.callback),
});

/**
 * An operator of one's own, for `apply`: any operator of ONNX or of a domain that the engine knows.
 *
 * @throws OAL-C120 for a definition that is none
 * @example
 * const Sign = defineOperator({ name: "Sign", sinceOpset: 13, infer: ([x]) => (x ? [x] : []) });
 * const signs = apply(Sign, [x]);
 */
export function defineOperator(definition: OperatorDefinition): Operator {
  expectArguments("defineOperator", { definition: [definition, aDefinition] });
  const { name } = definition;
  return {
    sinceOpset: 1,
    attributes: {},
    gradient: "none",
    reference: () => {
      throw oalError("OAL-G111", { operator: name });
    },
    testPoints: [],
    ...definition,
  };
}

/**
 * Thrown by shape rules; the graph turns it into OAL-G101 with the layer path.
 */
export class ShapeProblem extends Error {
  /** @param message what does not fit, as a sentence's end: "input 0 must be float32" */
  constructor(message: string) {
    expectArguments("ShapeProblem", { message: [message, kinds.text] });
    super(message);
  }
}

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
