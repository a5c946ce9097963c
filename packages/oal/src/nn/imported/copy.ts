/** Copies a part of one graph into another, where sizes may be known and weights may come from elsewhere. */
import { inline, sizeOf, type Graph, type Node, type Value } from "oal-core";
import type { Span } from "./anatomy.js";

/** Makes other nodes in place of one; null: the node itself. */
export type NodeRule = (node: Node, inputs: readonly (Value | null)[]) => readonly Value[] | null;

/** Results that are known while a graph is built are computed then, up to this many elements: shapes, not weights. */
const foldedElements = 4096;

/** Names of a file that nobody else's shall be. */
const own = (name: string): string => `model/${name}`;

/**
 * Copies a span.
 *
 * @param known values of `graph` by those of the span that they stand for, its `from` among them
 * @returns the values of `graph` by those of the span's
 * @throws OAL-G101 when a node does not fit the sizes that reach it
 */
export function copySpan(
  graph: Graph,
  { from, to }: Span,
  known: ReadonlyMap<Value, Value>,
  rule: NodeRule,
): ReadonlyMap<Value, Value> {
  return inline(graph, from.graph, known, {
    wanted: to,
    rename: own,
    build: (node, inputs) => rule(node, inputs) ?? folded(graph, node, inputs),
  });
}

/** The outputs of a node whose inputs are all known; null when some are not, or are large. */
function folded(
  graph: Graph,
  { operator, attributes, outputs }: Node,
  inputs: readonly (Value | null)[],
): Value[] | null {
  const given = inputs.filter((input) => input !== null);
  const isSmall = ({ constant }: Value): boolean =>
    constant !== null && sizeOf(constant.shape) <= foldedElements;
  const isKnown = given.length > 0 && given.every(isSmall);
  if (!isKnown || operator.opaque || outputs.some(({ knownType }) => knownType === null)) return null;
  const tensors = inputs.map((input) => input?.constant ?? null);
  return operator.reference(tensors, attributes).map((tensor) => graph.constant(tensor));
}
