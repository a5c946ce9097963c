/** How much a graph computes, by arithmetic. */
import { expectArguments } from "../errors/index.js";
import { Conv } from "./ops/conv.js";
import { ConvTranspose } from "./ops/convTranspose.js";
import { Gemm } from "./ops/gemm.js";
import { MatMul } from "./ops/matMul.js";
import { Reshape } from "./ops/reshape.js";
import { StopGradient } from "./ops/stopGradient.js";
import { at, inputOf, outputOf } from "./ops/access.js";
import { int, type Operator } from "./operator.js";
import { reachable } from "./prune.js";
import { sizeOf } from "./tensor.js";
import { aGraph, type Graph, type Node } from "./value.js";

/** Floating-point operations of a graph. */
export interface OperationCount {
  /** Of its convolutions and matrix products, 2 for a multiplication and the addition that follows it. Padding counts as pictures do. */
  readonly products: number;
  /** The same by operator: "Conv", "MatMul". */
  readonly byOperator: Readonly<Record<string, number>>;
  /** Elements that all its nodes make together: what everything else costs, about. */
  readonly elements: number;
  /** Its nodes, without views of other values. */
  readonly nodes: number;
}

/** Operators that compute nothing. */
const views: ReadonlySet<Operator> = new Set([Reshape, StopGradient]);

/** Multiplications of a node that the kernel's size and the sizes of its operands give. */
const multiplications: ReadonlyMap<Operator, (node: Node) => number> = new Map([
  [Conv, (node) => sizeOf(outputOf(node, 0).shape) * sizeOf(inputOf(node, 1).shape.slice(1))],
  [ConvTranspose, (node) => sizeOf(inputOf(node, 0).shape) * sizeOf(inputOf(node, 1).shape.slice(1))],
  [MatMul, (node) => sizeOf(outputOf(node, 0).shape) * at(inputOf(node, 0).shape, inputOf(node, 0).rank - 1)],
  [
    Gemm,
    (node) =>
      sizeOf(outputOf(node, 0).shape) *
      at(inputOf(node, 0).shape, int(node.attributes, "transA", 0) === 1 ? 0 : 1),
  ],
]);

/**
 * Counts what the outputs of a graph cost. Of a graph in ordinary memory: what an engine makes of it (blocks of channels, gradients in
 * another formulation) is not known here, so that two steps are compared as they were built.
 *
 * @throws OAL-G114 where a size is open
 */
export function countOperations(graph: Graph): OperationCount {
  expectArguments("countOperations", { graph: [graph, aGraph] });
  const byOperator: Record<string, number> = {};
  let elements = 0;
  let nodes = 0;
  for (const node of reachable(graph).nodes) {
    if (views.has(node.operator)) continue;
    nodes += 1;
    for (const output of node.outputs) elements += sizeOf(output.shape);
    const count = multiplications.get(node.operator);
    if (!count) continue;
    const { name } = node.operator;
    byOperator[name] = (byOperator[name] ?? 0) + 2 * count(node);
  }
  const products = Object.values(byOperator).reduce((sum, each) => sum + each, 0);
  return { products, byOperator, elements, nodes };
}
