/** How operators' functions append nodes. Operator files import only types from value.ts, so that either may be loaded first. */
import { describeValue, expectArguments, kind, kinds, oalError } from "../../errors/index.js";
import { anOperator, ShapeProblem, type Attributes, type Operator } from "../operator.js";
import { zeros, type DType } from "../tensor.js";
import type { Graph, Operand, Value } from "../value.js";
import { anOperand, aValue, isValue } from "./operands.js";

const aList = kind("an array", Array.isArray);

/**
 * Appends a node with one output to the graph of its operands. Numbers become scalars of the element type of the first
 * non-boolean value; null leaves an optional input out.
 *
 * @throws OAL-G101 when the operands do not fit, OAL-C120 when none of them is a value of a graph
 * @example const y = apply(operators.Abs, [x]);
 */
export function apply(
  operator: Operator,
  operands: readonly (Operand | null)[],
  attributes: Attributes = {},
): Value {
  const [first] = applyAll(operator, operands, attributes);
  if (!first) throw oalError("OAL-X101", { problem: `${operator.name} has no output` });
  return first;
}

/** Appends a node and returns all its outputs. Otherwise as {@link apply}. */
export function applyAll(
  operator: Operator,
  operands: readonly (Operand | null)[],
  attributes: Attributes = {},
): readonly Value[] {
  expectArguments("apply", { operator: [operator, anOperator], operands: [operands, aList] });
  operands.forEach((operand, index) => {
    if (!isValue(operand)) expectArguments(operator.name, { [`input ${index}`]: [operand, anOperand] });
  });
  const values = operands.filter((operand): operand is Value => isValue(operand));
  const graph = values[0]?.graph;
  if (!graph) {
    const found = describeValue(operands[0]);
    throw oalError("OAL-C120", { call: operator.name, argument: "an input", wanted: aValue.words, found });
  }
  const dtype = values.find((value) => value.dtype !== "bool")?.dtype ?? "float32";
  const inputs = operands.map((operand) =>
    typeof operand === "number" ? scalarOf(graph, operand, dtype) : operand,
  );
  return graph.node(operator, inputs, attributes);
}

/** A list of whole numbers (axes, shape, pads) as an int64 constant. */
export function integers(graph: Graph, values: readonly number[]): Value {
  return graph.constant({ dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) });
}

/** A scalar constant of the given element type. */
export function scalarOf(graph: Graph, value: number, dtype: DType): Value {
  const data = zeros(dtype, 1);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    expectArguments("an int64 operand", { number: [value, kinds.integer] });
    data[0] = BigInt(value);
  } else data[0] = value;
  return graph.constant({ dtype, shape: [], data });
}

/**
 * Runs shape arithmetic that happens in front of a node.
 *
 * @throws OAL-G101 in place of a ShapeProblem, naming the operator and the layer path
 */
export function fitting<T>(graph: Graph, operator: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ShapeProblem)) throw error;
    throw oalError("OAL-G101", { operator, path: graph.path, problem: error.message }, error);
  }
}
