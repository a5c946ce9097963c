/** How much memory a graph needs while it runs, counted from its shapes. */
import { expectArguments } from "../errors/index.js";
import { aTensorType, elementBytes, sizeOf, type TensorType } from "./tensor.js";
import { reachable } from "./prune.js";
import { aGraph, type Graph, type Value } from "./value.js";

/** Memory of a graph, in bytes. */
export interface GraphMemory {
  /** Largest sum of the values that are alive at one node, each from the node that makes it to the last that reads it. */
  readonly live: number;
  /** Inputs and constants, which are there from the first node to the last. */
  readonly held: number;
}

/** Bytes of one tensor of this type. */
export function bytesOf(type: TensorType): number {
  expectArguments("bytesOf", { type: [type, aTensorType] });
  return elementBytes(type.dtype) * sizeOf(type.shape);
}

/**
 * Counts the memory of a graph, nodes in their own order, without what no output needs. An engine needs more: scratch space, and gaps between blocks of unequal
 * size; and less where it computes in place.
 *
 * @throws OAL-G114 when the size of an axis is open
 * @cost one pass over the nodes; nothing is computed
 */
export function graphMemory(graph: Graph): GraphMemory {
  expectArguments("graphMemory", { graph: [graph, aGraph] });
  const sizeIn = ({ dtype, shape }: Value): number => bytesOf({ dtype, shape });
  const { nodes, values } = reachable(graph);
  const lastReader = new Map<Value, number>();
  nodes.forEach((node, position) => {
    for (const input of node.inputs) if (input) lastReader.set(input, position);
  });
  for (const value of graph.outputs.values()) lastReader.set(value, Infinity);
  let alive = 0;
  let live = 0;
  nodes.forEach((node, position) => {
    for (const output of node.outputs) alive += sizeIn(output);
    live = Math.max(live, alive);
    for (const value of new Set([...node.inputs, ...node.outputs])) {
      const isDone = value?.node && (lastReader.get(value) ?? position) <= position;
      if (isDone) alive -= sizeIn(value);
    }
  });
  const constants = graph.constants.filter((value) => values.has(value));
  const held = [...graph.inputs, ...constants].reduce((sum, value) => sum + sizeIn(value), 0);
  return { live, held };
}
