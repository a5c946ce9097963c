/** Models of 16-bit floats read as the float32 models they were made from: every such number is a float32 number too. */
import { oalError } from "../../errors/index.js";
import { float32Tensor, toNumbers, type DType, type Tensor, type ValueType } from "../tensor.js";
import { describeNode } from "./fileNodes.js";
import type { Message } from "./protobufReader.js";

const isHalf = (dtype: DType): boolean => dtype === "float16" || dtype === "bfloat16";

/** ONNX's numbers of float32 and of the floats of 16 bits. */
const codes = { float32: 1, halves: [10, 16] } as const;

const isHalfCode = (code: number | undefined): boolean => codes.halves.some((half) => half === code);

/** The type with 32 in place of 16 bits. */
export function widenedType(type: ValueType): ValueType {
  return isHalf(type.dtype) ? { dtype: "float32", shape: type.shape } : type;
}

/** The same numbers with 32 in place of 16 bits. */
export function widenedTensor(tensor: Tensor): Tensor {
  return isHalf(tensor.dtype) ? float32Tensor(tensor.shape, Float32Array.from(toNumbers(tensor))) : tensor;
}

/** The element type that a Cast makes. */
export function widenedCode(code: number): number {
  return isHalfCode(code) ? codes.float32 : code;
}

/**
 * A node that is not understood computes with the element types that it holds; where 16-bit floats may be among them, they cannot be
 * changed.
 *
 * @throws OAL-G113
 */
export function refuseHeldTypes(node: Message): void {
  const holds = node
    .messages(5, "an attribute")
    .some(
      (attribute) =>
        (["dtype", "to"].includes(attribute.text(1)) && isHalfCode(attribute.integer(3))) ||
        [5, 10].some((field) =>
          attribute.messages(field, "a tensor").some((tensor) => isHalfCode(tensor.integer(2))),
        ) ||
        [6, 11].some((field) => attribute.has(field)),
    );
  if (!holds) return;
  throw oalError("OAL-G113", {
    where: describeNode(node),
    problem:
      "is not understood and holds 16-bit floats or graphs of its own, so that the model cannot be read as float32",
  });
}
