/**
 * Which constants of a network that was read are weights: a file tells no parameter from the number that a GELU divides by, so it is
 * told by what reads them. Scalars, bounds, exponents and what stands before the first layer (the file's own normalisation of
 * pictures) are left as they are.
 */
import { sizeOf, type Node, type Tensor, type Value } from "oal-core";

/** What an input of an operator can be. */
type Role = "weight" | "statistic";

/** Operators that are a layer of their own when one of their inputs is a weight. */
const layers: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** Operators that add or multiply a weight to what flows. */
const arithmetic: ReadonlySet<string> = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Concat",
  "Expand",
  "Gather",
  "PRelu",
]);

const normalisations: ReadonlySet<string> = new Set([
  "LayerNormalization",
  "InstanceNormalization",
  "GroupNormalization",
]);

/** The ONNX name of a node's operator; of BatchNormalization's two forms one. */
export function typeOf({ operator }: Node): string {
  return operator.onnxType ?? operator.name;
}

/** Whether a node normalises by running statistics. */
export function isBatchNorm(node: Node): boolean {
  return typeOf(node) === "BatchNormalization";
}

/** Operators by which a weight comes to a layer in another form. */
const passing: ReadonlySet<string> = new Set([
  "Expand",
  "Reshape",
  "Transpose",
  "Unsqueeze",
  "Squeeze",
  "Identity",
  "Tile",
  "Cast",
  "Gather",
]);

/** The constant that a value is, or is another form of. */
export function constantBehind(value: Value | null): Value | null {
  for (
    let at = value;
    at !== null;
    at = at.node && passing.has(typeOf(at.node)) ? (at.node.inputs[0] ?? null) : null
  )
    if (at.constant) return at;
  return null;
}

/**
 * What a constant is to a node that reads it; null: no part of a layer.
 *
 * @param depth layers up to and with the node
 */
export function roleOf(node: Node, input: number, constant: Tensor, depth: number): Role | null {
  if (constant.dtype !== "float32" || sizeOf(constant.shape) < 2) return null;
  const type = typeOf(node);
  if (layers.has(type)) return "weight";
  // what stands before the first layer prepares pictures
  if (depth === 0) return null;
  if (isBatchNorm(node)) return input === 0 ? null : input <= 2 ? "weight" : "statistic";
  if (normalisations.has(type)) return input === 1 || input === 2 ? "weight" : null;
  return arithmetic.has(type) ? "weight" : null;
}

/** Whether a node is a layer: it mixes what flows by a matrix of weights. */
export function isLayer(node: Node): boolean {
  return layers.has(typeOf(node)) && node.inputs.some((input) => isMatrix(constantBehind(input)));
}

function isMatrix(value: Value | null): boolean {
  return (value?.constant?.shape.length ?? 0) >= 2 && value?.constant?.dtype === "float32";
}
