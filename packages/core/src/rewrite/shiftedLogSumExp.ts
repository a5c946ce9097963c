/**
 * ReduceLogSumExp where an engine takes the logarithm of the sum as it stands. ONNX Runtime's CPU kernel subtracts the largest value
 * first; its WebGPU kernel does not, nor do DirectML, TensorRT and OpenVINO (decision 0053): in float32 the sum overflows from 88 on, so
 * that an energy score is infinite and a log-probability minus infinity.
 */
import { expectArguments } from "../errors/index.js";
import { inline } from "../graph/inline.js";
import { int } from "../graph/operator.js";
import { add } from "../graph/ops/add.js";
import { inputOf } from "../graph/ops/access.js";
import { clip } from "../graph/ops/clip.js";
import { exp } from "../graph/ops/exp.js";
import { log } from "../graph/ops/log.js";
import { reducedAxes } from "../graph/ops/reduction.js";
import { ReduceLogSumExp } from "../graph/ops/reduceLogSumExp.js";
import { reduceMax } from "../graph/ops/reduceMax.js";
import { reduceSum } from "../graph/ops/reduceSum.js";
import { sub } from "../graph/ops/sub.js";
import { reachable } from "../graph/prune.js";
import { aGraph, Graph, type Node, type Value } from "../graph/value.js";

/** The largest finite number of float32. */
const largest = 3.4028234663852886e38;

/**
 * A copy of `graph` that computes log sum e^x as m + log sum e^(x - m), m the largest x, held finite: right for every x on every
 * engine, to the rounding of that sum. Inputs, outputs and their names stay. A graph without the operator is given back as it is.
 *
 * @example const session = await engine.compile(useShiftedLogSumExp(graph));
 */
export function useShiftedLogSumExp(graph: Graph): Graph {
  expectArguments("useShiftedLogSumExp", { graph: [graph, aGraph] });
  if (!reachable(graph).nodes.some(isMeant)) return graph;
  const made = new Graph();
  const inputs = graph.inputs.map((input) => [input, made.input(input.name, input.type)] as const);
  for (const name of graph.outputs.keys()) made.reserveOutput(name);
  const build = (node: Node, [x]: readonly (Value | null)[]): readonly Value[] | null =>
    x && isMeant(node) ? [shifted(x, reducedAxes(node), int(node.attributes, "keepdims", 1) === 1)] : null;
  const copies = inline(made, graph, new Map(inputs), { build });
  for (const [name, value] of graph.outputs) made.output(name, copies.get(value) ?? value);
  return made;
}

/** Numbers of 16 bits stay: their kernels add up in 32. */
function isMeant(node: Node): boolean {
  if (node.operator.name !== ReduceLogSumExp.name) return false;
  const type = inputOf(node, 0).knownType;
  return type?.dtype === "float32" && type.shape.length > 0;
}

function shifted(x: Value, axes: readonly number[], keepDims: boolean): Value {
  const most = clip(reduceMax(x, axes, true), -largest, largest);
  const sum = add(most, log(reduceSum(exp(sub(x, most)), axes, true)));
  // axes of size 1 that a sum takes away
  return keepDims ? sum : reduceSum(sum, axes);
}
