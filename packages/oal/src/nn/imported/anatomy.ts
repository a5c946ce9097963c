/** The inside of a network that was read: its weights with their depth, and the values through which everything flows. */
import { oalError, type Node, type Tensor, type Value } from "oal-core";
import { constantBehind, isBatchNorm, isLayer, roleOf } from "./roles.js";

/** The part of a graph that lies between two values. */
export interface Span {
  /** What flows in: float32 [N, ...]. */
  readonly from: Value;
  /** What is asked for. */
  readonly to: readonly Value[];
}

/** A constant that can be trained, or a running statistic. */
export interface ImportedTensor {
  readonly value: Value;
  readonly tensor: Tensor;
  readonly kind: "weight" | "statistic";
  /** Layers up to and with the one that reads it first. */
  readonly depth: number;
}

/** A value that everything behind it depends on, and nothing else before it. */
export interface Cut {
  readonly value: Value;
  /** Layers before it. */
  readonly depth: number;
}

/** What a span is made of. */
export interface Anatomy {
  /** The nodes between both ends, and those that read constants alone, in order. */
  readonly nodes: readonly Node[];
  readonly tensors: readonly ImportedTensor[];
  /** In order; the last is the end itself where there is one. */
  readonly cuts: readonly Cut[];
  /** Layers on the longest way. */
  readonly depth: number;
  readonly batchNorms: number;
}

/** The nodes that lead from one end of a span to the other, in order. */
export function nodesBetween({ from, to }: Span): Node[] {
  const needed = new Set<Node>();
  const open = [...to];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const { node } = value;
    if (value === from || node === null || needed.has(node)) continue;
    needed.add(node);
    for (const input of node.inputs) if (input) open.push(input);
  }
  return from.graph.nodes.filter((node) => needed.has(node));
}

/**
 * Looks at a span.
 *
 * @throws OAL-T131 when what is asked for does not depend on what flows in
 */
export function anatomyOf(span: Span): Anatomy {
  const nodes = nodesBetween(span);
  const depths = new Map<Value, number>([[span.from, 0]]);
  const tensors = new Map<Value, ImportedTensor>();
  for (const node of nodes) {
    const before = node.inputs.flatMap((input) => (input ? (depths.get(input) ?? []) : []));
    if (before.length === 0) continue;
    const depth = Math.max(...before) + (isLayer(node) ? 1 : 0);
    for (const output of node.outputs) depths.set(output, depth);
    node.inputs.forEach((input, index) => {
      const value = input && !depths.has(input) ? constantBehind(input) : null;
      if (!value?.constant || tensors.has(value)) return;
      const kind = roleOf(node, index, value.constant, depth);
      if (kind !== null) tensors.set(value, { value, tensor: value.constant, kind, depth });
    });
  }
  for (const value of span.to) {
    if (depths.has(value)) continue;
    throw oalError("OAL-T131", {
      model: "the model",
      problem: `${value.name} does not depend on the pictures`,
    });
  }
  return {
    nodes,
    tensors: [...tensors.values()],
    cuts: cutsOf(span, nodes, depths),
    depth: Math.max(...span.to.map((value) => depths.get(value) ?? 0)),
    batchNorms: nodes.filter(isBatchNorm).length,
  };
}

/** The values that alone are alive behind some node. */
function cutsOf({ from, to }: Span, nodes: readonly Node[], depths: ReadonlyMap<Value, number>): Cut[] {
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, position) => {
    for (const input of node.inputs) if (input && depths.has(input)) lastUse.set(input, position);
  });
  for (const value of to) lastUse.set(value, Infinity);
  const alive = new Set<Value>([from]);
  const cuts: Cut[] = [];
  nodes.forEach((node, position) => {
    for (const input of node.inputs) if (input && lastUse.get(input) === position) alive.delete(input);
    for (const output of node.outputs)
      if (depths.has(output) && (lastUse.get(output) ?? -1) > position) alive.add(output);
    const [only] = alive;
    if (alive.size === 1 && only && only.node === node)
      cuts.push({ value: only, depth: depths.get(only) ?? 0 });
  });
  return cuts;
}
