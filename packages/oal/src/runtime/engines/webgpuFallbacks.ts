/** Which operators of a step WebGPU leaves to the CPU: there and back in every step, with a wait for the card each time. */
import { Graph, OalError, writeModel, type CarriedTensor, type Node, type Value } from "oal-core";
import { nativeSession } from "./onnxRuntime.js";
import { webgpuSettings, webgpuStep } from "./webgpuStep.js";

/** What ONNX Runtime says of a graph that it will not run on the card alone. */
const leftToCpu = /fallback to CPU EP has been explicitly disabled/;

/**
 * Asks ONNX Runtime, which says so when it prepares a graph; nothing is computed.
 *
 * @returns the operators with their operands' types, as "ArgMax(int64 2)": element type and number of axes; empty when the card has all
 */
export async function fallbacksOf(graph: Graph, carried: readonly CarriedTensor[]): Promise<string[]> {
  const step = webgpuStep(graph, carried).graph;
  if (await staysOnCard(step)) return [];
  const kinds = new Map<string, Node>();
  for (const node of nodesOf(step)) kinds.set(kindOf(node), node);
  const left: string[] = [];
  for (const [kind, node] of kinds) if (!(await staysOnCard(alone(node)))) left.push(kind);
  return left.length > 0 ? left : ["nothing by itself, but something beside the others"];
}

async function staysOnCard(graph: Graph): Promise<boolean> {
  const settings = { ...webgpuSettings(0, {}), extra: { session: { disable_cpu_ep_fallback: "1" } } };
  try {
    const session = await nativeSession(writeModel(graph), settings);
    await session.release();
    return true;
  } catch (error) {
    if (error instanceof OalError && leftToCpu.test(error.message)) return false;
    throw error;
  }
}

/** The nodes that the outputs need. */
function nodesOf(graph: Graph): Set<Node> {
  const found = new Set<Node>();
  const stack: Value[] = [...graph.outputs.values()];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const { node } = value;
    if (!node || found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) if (input) stack.push(input);
  }
  return found;
}

function kindOf({ operator, inputs }: Node): string {
  return `${operator.name}(${inputs.map((input) => (input ? `${input.dtype} ${input.rank}` : "none")).join(", ")})`;
}

/** A graph of this node, on inputs like its own. */
function alone({ operator, inputs, attributes }: Node): Graph {
  const graph = new Graph();
  const operands = inputs.map(
    (input, index) =>
      input && (input.constant ? graph.constant(input.constant) : graph.input(`input ${index}`, input.type)),
  );
  graph
    .node(operator, operands, attributes)
    .forEach((value, index) => graph.output(`output ${index}`, value));
  return graph;
}
