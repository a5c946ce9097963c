/** The end of a foreign classifier, walked backwards from an output: class scores, the last linear layer, what it reads. */
import type { Node, Value } from "../graph/value.js";
import { isActivation, isAverage, isShaping, type Statics, typeOf } from "./walk.js";

/** Arithmetic with something known between the last layer and the class scores. */
export interface TailStep {
  readonly type: "Add" | "Sub" | "Mul" | "Div";
  readonly operand: Value;
}

/** A layer whose outputs are weighted sums of its inputs. */
export interface LinearLayer {
  readonly node: Node;
  readonly form: "gemm" | "matmul" | "conv";
  readonly input: Value;
  readonly weight: Value;
  readonly bias: Value | null;
  readonly width: number;
}

/** What was found behind an output. */
export interface Tail {
  /** The value of the file that is put out. */
  readonly output: string;
  readonly logits: Value;
  readonly classes: number;
  readonly activation: "softmax" | "sigmoid" | null;
  readonly layer: LinearLayer | null;
  /** From the layer on, in the order of computation. */
  readonly steps: readonly TailStep[];
  /** Whether logits = steps(layer(features)) with nothing else between them but means over pixels. */
  readonly isLinear: boolean;
  /** Whether the layer runs over the pixels, and their mean is taken behind it. */
  readonly isPooledAfter: boolean;
  /** Whether no layer of classes stands there: what comes out are means, normalised values or tokens of what went before. */
  readonly isBare: boolean;
}

/** The number of classes of a value: the only axis behind the batch that is not 1; null where there are several. */
export function classesOf(value: Value): number | null {
  if (!value.knownType) return null;
  const behind = value.rank === 1 ? value.dims : value.dims.slice(1);
  const sizes = behind.filter((size) => size !== 1);
  const [size = 1, ...others] = sizes;
  return others.length > 0 || typeof size !== "number" ? null : size;
}

/** Walks from an output to its class scores: through shapes, and the softmax or sigmoid over them. */
export function scoresBehind(output: Value): { logits: Value; activation: "softmax" | "sigmoid" | null } {
  let value = output;
  for (;;) {
    const { node } = value;
    const inner = node && (activationInput(node) ?? null);
    if (inner) return inner;
    const [input] = node?.inputs ?? [];
    const type = node ? typeOf(node) : "";
    const passes = node && (isShaping(node) || type === "ArgMax" || type === "TopK");
    if (!passes || !input) return { logits: output, activation: null };
    value = input;
  }
}

function activationInput(node: Node): { logits: Value; activation: "softmax" | "sigmoid" } | null {
  const [first, second] = node.inputs;
  const type = typeOf(node);
  if (!first) return null;
  if (type === "Softmax" || type === "LogSoftmax") return { logits: first, activation: "softmax" };
  if (type === "Sigmoid") return { logits: first, activation: "sigmoid" };
  // exp(x - max) / sum of it, written out
  const power = first.node;
  const [exponent] = power?.inputs ?? [];
  if (type !== "Div" || !power || typeOf(power) !== "Exp" || !exponent) return null;
  const sum = second?.node;
  if (!sum || typeOf(sum) !== "ReduceSum" || sum.inputs[0] !== first) return null;
  const [centred, largest] = exponent.node && typeOf(exponent.node) === "Sub" ? exponent.node.inputs : [];
  const isCentred =
    largest?.node && typeOf(largest.node) === "ReduceMax" && largest.node.inputs[0] === centred;
  return { logits: isCentred && centred ? centred : exponent, activation: "softmax" };
}

/** Walks from the class scores to the last linear layer. */
export function layerBehind(
  scores: Value,
  classes: number,
  statics: Statics,
): Omit<Tail, "output" | "classes" | "activation"> {
  const steps: TailStep[] = [];
  let [logits, value] = [scores, scores];
  let [isLinear, isPooledAfter] = [true, false];
  const none = (at: Node | null): ReturnType<typeof layerBehind> => {
    const isBare = at !== null && !at.operator.opaque && (isPooledAfter || bareEnds.has(typeOf(at)));
    return { logits, layer: null, steps: [], isLinear: false, isPooledAfter: false, isBare };
  };
  for (;;) {
    const { node } = value;
    if (!node) return none(null);
    const layer = linearLayer(node, classes, statics);
    if (layer) return { logits, layer, steps: steps.reverse(), isLinear, isPooledAfter, isBare: false };
    const found = statics.arithmeticOf(node);
    const [input] = node.inputs;
    if (found && isPerClass(found.operand, classes)) {
      const type = typeOf(node);
      if (type !== "Add" && type !== "Sub" && type !== "Mul" && type !== "Div") return none(node);
      if (!found.isFirst && (type === "Sub" || type === "Div")) isLinear = false;
      steps.push({ type, operand: found.operand });
      value = found.value;
    } else if (!input) return none(node);
    else if (isShaping(node)) value = input;
    else if (isAverage(node)) {
      isPooledAfter = true;
      value = input;
    } else if (isActivation(node)) {
      isLinear = false;
      value = input;
    } else if (typeOf(node) === "DequantizeLinear" && input.node && typeOf(input.node) === "QuantizeLinear") {
      const [exact] = input.node.inputs;
      if (!exact) return none(node);
      // The scores before they were rounded to 8 bits.
      if (value === logits) logits = exact;
      else isLinear = false;
      value = exact;
    } else return none(node);
  }
}

/** What features come from where no layer of classes follows. */
const bareEnds = new Set(["LayerNormalization", "BatchNormalization", "Gather", "Slice", "LpNormalization"]);

/** One number, or one per class. */
function isPerClass(operand: Value, classes: number): boolean {
  const sizes = operand.knownType?.shape.filter((size) => size !== 1) ?? [null];
  return sizes.length === 0 || (sizes.length === 1 && sizes[0] === classes);
}

function linearLayer(node: Node, classes: number, statics: Statics): LinearLayer | null {
  const [input, weight, bias = null] = node.inputs;
  if (!input || !weight?.knownType || statics.isStatic(input) || !statics.isStatic(weight)) return null;
  if (bias && !statics.isStatic(bias)) return null;
  const shape = weight.knownType.shape;
  const numbers = shape.filter((size) => typeof size === "number");
  if (numbers.length < shape.length) return null;
  const [rows = 0, columns = 0, ...kernel] = numbers;
  const attribute = (name: string): unknown => node.attributes[name];
  switch (typeOf(node)) {
    case "Gemm": {
      const isTransposed = attribute("transB") === 1;
      if (attribute("transA") === 1 || (isTransposed ? rows : columns) !== classes) return null;
      return { node, form: "gemm", input, weight, bias, width: isTransposed ? columns : rows };
    }
    case "MatMul":
      if (shape.length !== 2 || columns !== classes) return null;
      return { node, form: "matmul", input, weight, bias: null, width: rows };
    case "Conv": {
      const isWhole = kernel.every((size, axis) => size === 1 || size === input.knownType?.shape[axis + 2]);
      const isDense =
        kernel.every((size) => size === 1) ||
        (isWhole && node.outputs[0]?.dims.slice(2).every((size) => size === 1));
      if (rows !== classes || (attribute("group") ?? 1) !== 1 || isDense !== true) return null;
      return {
        node,
        form: "conv",
        input,
        weight,
        bias,
        width: kernel.reduce((all, size) => all * size, columns),
      };
    }
    default:
      return null;
  }
}
