/** Kinds of argument that layers and losses share (docs/decisions/0012). */
import { Graph, kind, kinds } from "oal-core";

/** A value of a graph. */
export const aValue = kind(
  "a value of a graph",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    "graph" in value &&
    value.graph instanceof Graph &&
    "type" in value,
);

/** Where parameters come from. */
export const aContext = kinds.fields({
  graph: kind("a graph", (value) => value instanceof Graph),
  parameter: kinds.callback,
  buffer: kinds.callback,
  scope: kinds.callback,
  child: kinds.callback,
});
