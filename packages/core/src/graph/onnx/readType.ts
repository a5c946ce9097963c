/** Types of values as ONNX files write them down. */
import { withSizes } from "../dims.js";
import { dtypeOfCode, type Dim, type ValueType } from "../tensor.js";
import type { Message } from "./protobufReader.js";

/** Makes names for axes that a file leaves open without naming them; {@link isNameless} tells them. */
export class NamelessAxes {
  #count = 0;

  next(): string {
    return `?${this.#count++}`;
  }
}

/** Whether the name of an open size was made while reading: written back, the size is nameless again. */
export function isNameless(size: Dim): boolean {
  return typeof size === "string" && /^\?\d+$/.test(size);
}

/**
 * The type in a ValueInfoProto.
 *
 * @param sizes numbers for open axes, by name
 * @returns null where the file gives none, only the rank is missing, or it is a type that oal does not hold
 */
export function readType(
  info: Message,
  where: string,
  nameless: NamelessAxes,
  sizes: Readonly<Record<string, number>>,
): ValueType | null {
  const tensor = info.message(2, where)?.message(1, where);
  const dtype = tensor && dtypeOfCode(tensor.integer(1) ?? 0);
  const shape = tensor?.message(2, where);
  if (!dtype || !shape) return null;
  const dims = shape.messages(1, where).map((dim): Dim => {
    const size = dim.integer(1);
    if (size !== undefined && size >= 0) return size;
    const name = dim.text(2);
    if (name === "") return nameless.next();
    return withSizes(name, sizes);
  });
  return { dtype, shape: dims };
}
