/** Reverse-mode differentiation: walks the nodes between a scalar and its sources backwards, one rule per operator. */
import { oalError } from "../errors/index.js";
import { add } from "../graph/ops/add.js";
import type { GradientRule } from "../graph/operator.js";
import { Node, type Graph, type Value } from "../graph/value.js";

/** Rules to use instead of the operators' own, by operator name: to compare formulations of a gradient. */
export type GradientRules = ReadonlyMap<string, GradientRule>;

/**
 * Gradients of a scalar with respect to values of its graph, as more graph: d loss / d source.
 *
 * @param loss a float32 scalar
 * @param sources the values to differentiate by (inputs or intermediate values)
 * @param rules other rules for some operators. Default none
 * @returns one gradient per source, of its shape; zeros where the loss does not depend on it
 * @throws OAL-G103 when an operator without a gradient lies on a path from a source to the loss
 */
export function gradients(loss: Value, sources: readonly Value[], rules?: GradientRules): Value[] {
  if (loss.rank !== 0) {
    throw oalError("OAL-G102", {
      node: loss.name,
      path: "",
      problem: `a loss must be a scalar, its shape is [${loss.shape.join(", ")}]`,
    });
  }
  return vectorJacobian([loss], [loss.graph.scalar(1)], sources, rules);
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
  const [first] = outputs;
  if (!first) throw oalError("OAL-X101", { problem: "nothing to differentiate" });
  const graph = first.graph;
  const dependent = dependentNodes(graph, sources);
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
    if (!node || !dependent.has(node)) continue;
    const outputGradients = node.outputs.map((output) => accumulated.get(output) ?? null);
    if (outputGradients.every((gradient) => gradient === null)) continue;
    const rule = rules.get(node.operatorName) ?? node.operator.gradient;
    if (rule === "none") {
      if (node.operatorName === "StopGradient" || !isFloat(node)) continue;
      throw oalError("OAL-G103", { operator: node.operatorName, path: node.path });
    }
    const inputGradients = graph.scope("gradient", () =>
      node.path === ""
        ? rule(node, outputGradients)
        : graph.scope(node.path, () => rule(node, outputGradients)),
    );
    node.inputs.forEach((input, index) => {
      const gradient = inputGradients[index];
      if (!input || !gradient) return;
      if (gradient.shape.join() !== input.shape.join()) {
        throw oalError("OAL-G102", {
          node: `${node.operatorName}_${node.id}`,
          path: node.path,
          problem: `gradient of input ${index} has shape [${gradient.shape.join(", ")}], the input [${input.shape.join(", ")}]`,
        });
      }
      accumulate(input, gradient);
    });
  }
  return sources.map((source) => accumulated.get(source) ?? zerosLike(source));
}

/** Nodes through which a source influences something. */
function dependentNodes(graph: Graph, sources: readonly Value[]): Set<Node> {
  const influenced = new Set<Value>(sources);
  const nodes = new Set<Node>();
  for (const node of graph.nodes) {
    if (node.operatorName === "StopGradient") continue;
    if (!node.inputs.some((input) => input && influenced.has(input))) continue;
    nodes.add(node);
    for (const output of node.outputs) influenced.add(output);
  }
  return nodes;
}

/** Integer and boolean results (comparisons, ArgMax) carry no gradient and need none. */
function isFloat(node: Node): boolean {
  return node.outputs.some((output) => output.dtype === "float32" || output.dtype === "float64");
}

function zerosLike(value: Value): Value {
  const graph = value.graph;
  const shape = graph.constant({
    dtype: "int64",
    shape: [value.rank],
    data: BigInt64Array.from(value.shape, BigInt),
  });
  const [expanded] = graph.node("Expand", [graph.scalar(0), shape]);
  if (!expanded) throw oalError("OAL-X101", { problem: "Expand has no output" });
  return expanded;
}
