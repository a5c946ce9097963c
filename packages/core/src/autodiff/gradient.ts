/** Reverse-mode differentiation: walks the nodes between a scalar and its sources backwards, one rule per operator. */
import { aValue } from "../graph/ops/operands.js";
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import { add } from "../graph/ops/add.js";
import { scalarOf } from "../graph/ops/apply.js";
import { expand } from "../graph/ops/expand.js";
import { StopGradient } from "../graph/ops/stopGradient.js";
import type { GradientRule, Operator } from "../graph/operator.js";
import { describeType, type DType } from "../graph/tensor.js";
import type { Graph, Value } from "../graph/value.js";

/** Rules to use instead of the operators' own: to compare formulations of a gradient. */
export type GradientRules = ReadonlyMap<Operator, GradientRule>;

const valueList = kinds.listOf(aValue);
const ruleMap = kind("a map from operators to rules", (value) => value instanceof Map);

/**
 * Gradients of a scalar with respect to values of its graph, as more graph: d loss / d source.
 *
 * @param loss a float scalar
 * @param sources the float values to differentiate by (inputs, constants or intermediate values)
 * @param rules other rules for some operators. Default none
 * @returns one gradient per source, of its shape and element type; zeros where the loss does not depend on it
 * @throws OAL-G102 when the loss is no float scalar, OAL-G103 when an operator without a gradient lies on a path from a
 *   source to the loss
 */
export function gradients(loss: Value, sources: readonly Value[], rules?: GradientRules): Value[] {
  expectArguments("gradients", {
    loss: [loss, aValue],
    sources: [sources, valueList],
    rules: [rules, kinds.optional(ruleMap)],
  });
  if (loss.rank !== 0 || !isComputed(loss.dtype)) {
    throw oalError("OAL-G102", {
      node: loss.name,
      path: "",
      problem: `a loss must be a float scalar, it is ${describeType(loss.type)}`,
    });
  }
  return vectorJacobian([loss], [scalarOf(loss.graph, 1, loss.dtype)], sources, rules);
}

/**
 * Vector-Jacobian product: gradients of sum(outputs * seeds) with respect to the sources.
 *
 * @param seeds one value per output, of its shape
 */
export function vectorJacobian(
  outputs: readonly Value[],
  seeds: readonly Value[],
  sources: readonly Value[],
  rules: GradientRules = new Map(),
): Value[] {
  expectArguments("vectorJacobian", {
    outputs: [outputs, valueList],
    seeds: [seeds, valueList],
    sources: [sources, valueList],
    rules: [rules, ruleMap],
  });
  const [first] = outputs;
  if (!first) {
    const [argument, wanted, found] = ["outputs", "an array of at least one value", "an empty array"];
    throw oalError("OAL-C120", { call: "vectorJacobian", argument, wanted, found });
  }
  const graph = first.graph;
  for (const source of sources) {
    if (isComputed(source.dtype)) continue;
    throw oalError("OAL-G102", {
      node: source.name,
      path: "",
      problem: `a derivative by ${describeType(source.type)} does not exist`,
    });
  }
  const influenced = influencedBy(graph, sources);
  const accumulated = new Map<Value, Value>();
  const accumulate = (value: Value, gradient: Value): void => {
    const before = accumulated.get(value);
    accumulated.set(value, before ? add(before, gradient) : gradient);
  };
  outputs.forEach((output, index) => {
    const seed = seeds[index];
    if (seed) accumulate(output, seed);
  });
  for (let position = graph.nodes.length - 1; position >= 0; position--) {
    const node = graph.nodes[position];
    if (!node || node.operator === StopGradient) continue;
    if (!node.outputs.some((output) => influenced.has(output))) continue;
    const outputGradients = node.outputs.map((output) => accumulated.get(output) ?? null);
    if (outputGradients.every((gradient) => gradient === null)) continue;
    const rule = rules.get(node.operator) ?? node.operator.gradient;
    const wants = (index: number): boolean => {
      const input = node.inputs[index];
      return input !== null && input !== undefined && influenced.has(input);
    };
    // A source may itself be made by a node; nothing before it is asked for.
    if (!node.inputs.some((_, index) => wants(index))) continue;
    if (rule === "none") throw oalError("OAL-G103", { operator: node.operator.name, path: node.path });
    const inputGradients = graph.scope("gradient", () =>
      node.path === ""
        ? rule(node, outputGradients, wants)
        : graph.scope(node.path, () => rule(node, outputGradients, wants)),
    );
    node.inputs.forEach((input, index) => {
      const gradient = inputGradients[index];
      if (!input || !gradient || !wants(index)) return;
      // Whole numbers that stand for floats have a gradient of floats.
      const type = isFloat(input.dtype) ? input.type : { dtype: gradient.dtype, shape: input.dims };
      if (describeType(gradient.type) !== describeType(type)) {
        throw oalError("OAL-G102", {
          node: `${node.operator.name}_${node.id}`,
          path: node.path,
          problem: `gradient of input ${index} is ${describeType(gradient.type)}, the input ${describeType(input.type)}`,
        });
      }
      accumulate(input, gradient);
    });
  }
  return sources.map((source) => accumulated.get(source) ?? zerosLike(source));
}

/**
 * The float values that a source influences, and the sources themselves. Integers and booleans (comparisons, ArgMax)
 * carry no gradient unless they stand for floats, nor does what lies behind StopGradient.
 */
function influencedBy(graph: Graph, sources: readonly Value[]): Set<Value> {
  const influenced = new Set<Value>(sources);
  for (const node of graph.nodes) {
    if (node.operator === StopGradient) continue;
    const readers = node.inputs.filter((input) => input && influenced.has(input));
    if (readers.length === 0) continue;
    // Of a node that is not understood nobody knows what its whole numbers are. Quantised values on their way to DequantizeLinear, moved or joined as they are.
    const { standsForFloats, opaque } = node.operator;
    const isQuantised =
      standsForFloats === true ||
      opaque !== undefined ||
      readers.some((input) => input && !mayBeFloat(input));
    for (const output of node.outputs) if (isQuantised || mayBeFloat(output)) influenced.add(output);
  }
  return influenced;
}

/** A value of which no type is known is taken for floats: its node has no gradient, and says so where one is asked for. */
function mayBeFloat({ knownType }: Value): boolean {
  return !knownType || isFloat(knownType.dtype);
}

/** The floats that operators compute with. */
function isComputed(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Floats of 16 bits too: what they carry must not be lost without a word. */
function isFloat(dtype: DType): boolean {
  return dtype.includes("float");
}

function zerosLike(value: Value): Value {
  return expand(scalarOf(value.graph, 0, value.dtype), value.shape);
}
