/** Nodes of the operator Constant as tensors. */
import { float32Tensor, type Tensor } from "../tensor.js";
import { isCarried } from "./carriedTensor.js";
import type { Message } from "./protobufReader.js";
import { readTensor, type ExternalBytes } from "./readTensor.js";

/** The tensor of a Constant node; null where it is of a kind that oal does not compute with (strings, sparse tensors). */
export function constantOf(node: Message, where: string, external: ExternalBytes | undefined): Tensor | null {
  const [attribute, ...others] = node.messages(5, where);
  if (!attribute || others.length > 0 || attribute.has(21)) return null;
  switch (attribute.text(1)) {
    case "value": {
      const tensor = attribute.message(5, where);
      return tensor && !isCarried(tensor) ? readTensor(tensor, where, external) : null;
    }
    case "value_float":
      return float32Tensor([], [attribute.floats(2).at(-1) ?? 0]);
    case "value_floats": {
      const values = attribute.floats(7);
      return float32Tensor([values.length], values);
    }
    case "value_int":
      return { dtype: "int64", shape: [], data: BigInt64Array.of(attribute.bigints(3).at(-1) ?? 0n) };
    case "value_ints": {
      const values = attribute.bigints(8);
      return { dtype: "int64", shape: [values.length], data: BigInt64Array.from(values) };
    }
    default:
      return null;
  }
}
