/** A classifier's network in numbers of 16 bits: half the file, and faster on devices that compute with them. */
import {
  apply,
  defineOperator,
  Graph,
  inline,
  type DType,
  type Node,
  type Operator,
  type Tensor,
  type Value,
  type ValueType,
} from "oal-core";
import { halfBits, largestHalf } from "./halfFloat.js";
import { networkNodes } from "./network.js";

/** Operators with inputs that ONNX has in 32 bits only, or whose output's type is an attribute: they stay as they are. */
const keptWhole: ReadonlySet<string> = new Set(["Cast", "Resize", "OneHot"]);

/**
 * A copy of a classifier's graph whose network computes with float16; pictures, normalisation, detectors and decision stay as they are,
 * and so do the types of all outputs. Nodes that oal does not understand keep computing with 32 bits, and so do products with a weight
 * beyond 65504.
 *
 * @param graph with the output "logits"
 */
export function halfPrecision(graph: Graph): Graph {
  const made = new Graph();
  const inputs = graph.inputs.map((input) => [input, made.input(input.name, input.type)] as const);
  for (const name of graph.outputs.keys()) made.reserveOutput(name);
  const network = networkNodes(graph);
  const converted = new Map<Value, Value>();
  const as = (value: Value, dtype: "float16" | "float32"): Value => {
    if (value.dtype === dtype || !isFloat(value.dtype)) return value;
    const known = converted.get(value);
    if (known) return known;
    const made = value.constant ? constantAsHalf(value, value.constant) : castTo(value, dtype);
    converted.set(value, made);
    return made;
  };
  const build = (
    node: Node,
    given: readonly (Value | null)[],
    names: readonly string[],
  ): readonly Value[] | null => {
    const { operator, attributes } = node;
    const isHalf =
      network.has(node) && !operator.opaque && !keptWhole.has(operator.name) && given.every(fitsHalf);
    const taken = given.map((value) => value && (isHalf ? as(value, "float16") : whole(value, as)));
    return made.node(isHalf ? halfOperator(operator) : operator, taken, attributes, names);
  };
  const copies = inline(made, graph, new Map(inputs), { build });
  for (const [name, value] of graph.outputs) {
    const copy = copies.get(value);
    if (copy) made.output(name, whole(copy, as));
  }
  return made;
}

function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float16";
}

/** A value as the float graph has it; types that are not known are those of opaque nodes, which compute as before. */
function whole(value: Value, as: (value: Value, dtype: "float32") => Value): Value {
  return value.knownType?.dtype === "float16" ? as(value, "float32") : value;
}

function fitsHalf(value: Value | null): boolean {
  if (value === null) return true;
  if (!value.knownType) return false;
  const { constant } = value;
  if (constant?.dtype !== "float32") return value.dtype !== "float64";
  return constant.data.every((element: number | bigint) => Math.abs(Number(element)) <= largestHalf);
}

function constantAsHalf({ graph, name }: Value, { shape, data }: Tensor): Value {
  const halves = Uint16Array.from(data, (element: number | bigint) => halfBits(Number(element)));
  return graph.constant({ dtype: "float16", shape, data: halves }, name);
}

/** ONNX's Cast between 16 and 32 bits. */
const castOperators = {
  float16: castOperator("float16", 10),
  float32: castOperator("float32", 1),
} as const;

function castOperator(dtype: "float16" | "float32", code: number): { operator: Operator; to: number } {
  const operator = defineOperator({
    name: "Cast",
    sinceOpset: 9,
    attributes: { to: "int" },
    infer: ([x]) => [{ dtype, shape: x?.shape ?? [] }],
  });
  return { operator, to: code };
}

function castTo(value: Value, dtype: "float16" | "float32"): Value {
  const { operator, to } = castOperators[dtype];
  return apply(operator, [value], { to });
}

/** An operator of the table on numbers of 16 bits: its shapes are those that it has on 32. */
function halfOperator(operator: Operator): Operator {
  const swap = (from: DType, to: DType) => (type: ValueType | null) =>
    type?.dtype === from ? { ...type, dtype: to } : type;
  return {
    ...operator,
    infer: (inputs, attributes, constants, elements) =>
      operator
        .infer(inputs.map(swap("float16", "float32")), attributes, constants, elements)
        .map((type) => (type.dtype === "float32" ? { ...type, dtype: "float16" } : type)),
  };
}
