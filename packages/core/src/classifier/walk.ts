/** Walking through graphs of others: what a node does to a value, whoever wrote it. Nodes are told apart by ONNX's names. */
import type { ReadModel } from "../graph/onnx/read.js";
import { toNumbers, type Tensor } from "../graph/tensor.js";
import { Node, type Graph, type Value } from "../graph/value.js";

/** ONNX's name of a node's operator; nodes that are not understood have it as well. */
export function typeOf(node: Node): string {
  return node.operator.onnxType ?? node.operator.name;
}

/** Moves elements about and leaves their values. */
const shapeOperators = new Set([
  "Cast",
  "Dropout",
  "Flatten",
  "Identity",
  "Reshape",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

/** Whether a node only gives its first input another shape or element type. */
export function isShaping(node: Node): boolean {
  return shapeOperators.has(typeOf(node));
}

/** Means over the pixels. */
const averages = new Set(["GlobalAveragePool", "AveragePool", "ReduceMean"]);

/** Whether a node is a mean over pixels or tokens, which a linear layer may change places with. */
export function isAverage(node: Node): boolean {
  return averages.has(typeOf(node));
}

const arithmetic = new Set(["Add", "Sub", "Mul", "Div"]);

/** Element by element, and not linear. */
const activations = new Set(["Relu", "LeakyRelu", "Clip", "Elu", "HardSwish", "PRelu", "Selu", "Tanh"]);

export function isActivation(node: Node): boolean {
  return activations.has(typeOf(node));
}

/** Answers whether a value depends on no input. */
export class Statics {
  readonly #known = new Map<Value, boolean>();

  isStatic(value: Value): boolean {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    // Depth first without recursion: foreign graphs may be thousands of nodes deep.
    const stack = [value];
    for (let at = stack.at(-1); at; at = stack.at(-1)) {
      if (!this.#known.has(at)) {
        if (!(at.producer instanceof Node)) this.#known.set(at, at.constant !== null);
        else {
          const inputs = at.producer.inputs.filter((input) => input !== null);
          const open = inputs.filter((input) => !this.#known.has(input));
          if (open.length > 0) {
            stack.push(...open);
            continue;
          }
          const isRandom = typeOf(at.producer).startsWith("Random");
          this.#known.set(at, !isRandom && inputs.every((input) => this.#known.get(input)));
        }
      }
      stack.pop();
    }
    return this.#known.get(value) ?? false;
  }

  /** A node that adds, subtracts, multiplies by or divides by something that is known: both sides; null for others. */
  arithmeticOf(
    node: Node,
  ): { readonly value: Value; readonly operand: Value; readonly isFirst: boolean } | null {
    const [left, right] = node.inputs;
    if (!arithmetic.has(typeOf(node)) || !left || !right) return null;
    if (this.isStatic(right) && !this.isStatic(left)) return { value: left, operand: right, isFirst: true };
    if (this.isStatic(left) && !this.isStatic(right)) return { value: right, operand: left, isFirst: false };
    return null;
  }
}

/** The nodes that read a value. */
export function readersOf(graph: Graph): ReadonlyMap<Value, readonly Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      if (!input) continue;
      const found = readers.get(input);
      if (found) found.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

/** The values that a value depends on, itself included. */
export function ancestorsOf(value: Value): ReadonlySet<Value> {
  const seen = new Set<Value>([value]);
  for (const at of seen)
    if (at.producer instanceof Node) for (const input of at.producer.inputs) if (input) seen.add(input);
  return seen;
}

/** A tensor's numbers when there are at most `most` of them. */
export function fewNumbers(tensor: Tensor | null, most: number): number[] | null {
  return tensor && tensor.data.length <= most ? toNumbers(tensor) : null;
}

/** The names that values have in their file, those of its outputs before others: those of a graph may have a number behind them. */
export function fileNames({ graph, values }: Pick<ReadModel, "graph" | "values">): (value: Value) => string {
  const names = new Map<Value, string>();
  for (const [name, value] of [...graph.outputs, ...values]) if (!names.has(value)) names.set(value, name);
  return (value) => names.get(value) ?? value.name;
}
