/** Kinds of argument of the functions that build graphs. Operator files import only types from value.ts, hence no `instanceof`. */
import { kind, kinds } from "../../errors/index.js";
import type { Value } from "../value.js";

/** Whether something is a value of a graph. */
export function isValue(value: unknown): value is Value {
  return typeof value === "object" && value !== null && "producer" in value && "graph" in value;
}

/** A value of a graph. */
export const aValue = kind("a value of a graph", isValue);

/** A value of a graph, or null for an input that is left out. */
export const aValueOrNull = kind("a value of a graph or null", (value) => value === null || isValue(value));

/** What an operator is applied to: numbers become constants. */
export const anOperand = kind(
  "a value of a graph or a number",
  (value) => value === null || typeof value === "number" || isValue(value),
);

/** One number for both image axes, or a list: kernels, strides, dilations, pads. */
const aPair = kind(
  "a whole number or an array of whole numbers",
  (value) => kinds.integer.fault(value, "") === null || kinds.integers.fault(value, "") === null,
);

/** Options of convolutions and pooling. */
export const windowOptions = kinds.fields({
  kernel: kinds.optional(aPair),
  strides: kinds.optional(aPair),
  dilations: kinds.optional(aPair),
  pads: kinds.optional(aPair),
  outputPadding: kinds.optional(aPair),
  group: kinds.optional(kinds.positiveCount),
});
