/**
 * Initialisers of element types that oal does not compute with (strings, complex numbers, floats and whole numbers of few bits). They
 * become opaque Constant nodes that hold the tensor byte for byte, and are written back; the engine decides what it runs.
 */
import { oalError } from "../../errors/index.js";
import { sizeOf, type Shape } from "../tensor.js";
import { carriedTypes } from "./carriedTypes.js";
import { ProtobufWriter } from "./protobuf.js";
import type { Message } from "./protobufReader.js";
import { shapeAndBytes, type ExternalBytes } from "./readTensor.js";

/** Whether a TensorProto is of an element type that is carried only. */
export function isCarried(tensor: Message): boolean {
  return carriedTypes.has(tensor.integer(2) ?? 0);
}

/** A carried tensor. */
export interface CarriedTensor {
  readonly shape: Shape;
  /** The attribute `value` of a Constant node, an AttributeProto. */
  readonly attribute: Uint8Array;
}

/**
 * A TensorProto of such an element type; data from beside the model come in, because attributes have none there.
 *
 * @param where what the tensor is, for errors
 * @throws OAL-G112 when size and data do not fit, OAL-G113 for data in segments or in a file that was not given
 */
export function carriedTensor(
  tensor: Message,
  where: string,
  external: ExternalBytes | undefined,
): CarriedTensor {
  const code = tensor.integer(2) ?? 0;
  const bits = carriedTypes.get(code)?.bits ?? null;
  const { shape, raw } = shapeAndBytes(tensor, bits ?? 0, where, bits === null ? undefined : external);
  if (!raw) checkFields(tensor, code, shape, bits, where);
  const writer = new ProtobufWriter();
  writer.string(1, "value").message(5, (copy) => {
    for (const { field, whole } of tensor.fields()) if (![8, 9, 13, 14].includes(field)) copy.raw(whole);
    if (raw) copy.bytes(9, raw);
  });
  return { shape, attribute: writer.integer(20, 4).finish() };
}

/** Data in a field of their own kind: strings, pairs of floats, or whole numbers that hold the bits of the elements. */
function checkFields(tensor: Message, code: number, shape: Shape, bits: number | null, where: string): void {
  const size = sizeOf(shape);
  const [found, wanted] =
    bits === null
      ? [tensor.parts(6).length, size]
      : code === 14
        ? [tensor.floats(4).length, 2 * size]
        : code === 15
          ? [tensor.floats(10, 8).length, 2 * size]
          : [tensor.count(5), Math.ceil((size * bits) / 8)];
  if (found === wanted) return;
  const problem = `has ${found} elements of data where its shape [${shape.join(", ")}] asks for ${wanted}`;
  throw oalError("OAL-G112", { where, problem });
}
