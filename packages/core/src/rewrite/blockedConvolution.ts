/**
 * The layout pass: convolutions and their weight gradients through ONNX Runtime's blocked kernels. The engine does so by
 * itself only for constant weights, never in a training step, whose weights are inputs.
 */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { int } from "../graph/operator.js";
import { at, inputOf } from "../graph/ops/access.js";
import { BlockedConv, blockedConv } from "../graph/ops/blockedConv.js";
import { Conv } from "../graph/ops/conv.js";
import { weightGradientOf } from "../graph/ops/convWeightGradient.js";
import { reorderInput } from "../graph/ops/reorderInput.js";
import { reorderOutput } from "../graph/ops/reorderOutput.js";
import { reshape } from "../graph/ops/reshape.js";
import { transpose } from "../graph/ops/transpose.js";
import { windowsOf } from "../graph/ops/windows.js";
import { reachable } from "../graph/prune.js";
import { aGraph, Graph, type Node, type Value } from "../graph/value.js";
import { blockedWeightGradient, fitsBlockedGradient } from "./blockedWeightGradient.js";

/**
 * A copy of `graph` in which ungrouped float32 convolutions of blocked channel counts whose weight is not constant, and
 * their weight gradients, use blocked kernels. Inputs, outputs and their names stay; results agree to rounding.
 *
 * @param block the engine's block of channels (see the block probe); 0 returns the graph itself
 * @throws OAL-G102 when the graph reads a value that nothing computes
 */
export function useBlockedConvolutions(graph: Graph, block: number): Graph {
  expectArguments("useBlockedConvolutions", { graph: [graph, aGraph], block: [block, kinds.count] });
  if (block === 0) return graph;
  const target = new Graph();
  const copies = new Map<Value, Value>();
  for (const input of graph.inputs) copies.set(input, target.input(input.name, input.type));
  for (const name of graph.outputs.keys()) target.reserveOutput(name);
  const copyOf = (value: Value): Value => {
    const known = copies.get(value);
    if (known) return known;
    if (!value.constant) {
      throw oalError("OAL-G102", {
        node: value.name,
        path: value.node?.path ?? "",
        problem: "is read by the graph but is neither computed before it nor an input of it",
      });
    }
    const copy = target.constant(value.constant, value.name);
    copies.set(value, copy);
    return copy;
  };
  for (const node of reachable(graph).nodes) {
    target.scope(node.path, () => {
      const [output] = node.outputs;
      const source = output && weightGradientOf(output);
      if (output && source && fitsBlockedGradient(source, block)) {
        const { windows } = source;
        copies.set(
          output,
          blockedWeightGradient({ x: copyOf(source.x), dy: copyOf(source.dy), windows }, block),
        );
      } else if (output && isBlockable(node, block)) {
        copies.set(output, blocked(node, copyOf, block));
      } else {
        const inputs = node.inputs.map((input) => input && copyOf(input));
        const outputs = target.node(node.operator, inputs, node.attributes);
        node.outputs.forEach((value, index) => copies.set(value, at(outputs, index)));
      }
    });
  }
  for (const [name, value] of graph.outputs) target.output(name, copyOf(value));
  return target;
}

/** Number of blocked convolutions that the outputs of a graph need. */
export function countRewritten(graph: Graph): number {
  expectArguments("countRewritten", { graph: [graph, aGraph] });
  return reachable(graph).nodes.filter((node) => node.operator === BlockedConv).length;
}

function isBlockable(node: Node, block: number): boolean {
  if (node.operator !== Conv || int(node.attributes, "group", 1) !== 1) return false;
  const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
  return (
    x.dtype === "float32" &&
    weight.constant === null &&
    // A 1x1 convolution is one matrix product, faster than its reorders (measured 1.6 times).
    at(weight.shape, 2) * at(weight.shape, 3) > 1 &&
    at(weight.shape, 0) % block === 0 &&
    at(weight.shape, 1) % block === 0
  );
}

function blocked(node: Node, copyOf: (value: Value) => Value, block: number): Value {
  const [x, weight, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2]];
  const result = blockedConv(reorderInput(copyOf(x), block), blockedWeight(copyOf(weight), block), {
    ...windowsOf(node.attributes, x.dims, weight.shape.slice(2)),
    bias: bias ? copyOf(bias) : null,
    block,
  });
  return reorderOutput(result, block);
}

/** [O, I, KH, KW] as memory [O / block][I / block][KH][KW][i][o]. */
function blockedWeight(weight: Value, block: number): Value {
  const [outs, ins, rows, columns] = [
    at(weight.shape, 0),
    at(weight.shape, 1),
    at(weight.shape, 2),
    at(weight.shape, 3),
  ];
  const split = reshape(weight, [outs / block, block, ins / block, block, rows, columns]);
  return reshape(transpose(split, [0, 2, 4, 5, 3, 1]), weight.shape);
}
