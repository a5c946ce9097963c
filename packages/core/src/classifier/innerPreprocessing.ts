/** Arithmetic on pixels that a file does itself before its first layer. */
import type { Node, Value } from "../graph/value.js";
import type { InnerPreprocessing } from "./facts.js";
import { fewNumbers, type Statics, typeOf } from "./walk.js";

/**
 * The arithmetic on the pixels before anything else looks at them, and the value that comes out of it: the pictures as the first layer
 * takes them.
 */
export function preprocessingBehind(
  input: Value,
  channels: number,
  readers: ReadonlyMap<Value, readonly Node[]>,
  statics: Statics,
): { readonly arithmetic: InnerPreprocessing | null; readonly end: Value } {
  let scale = [1];
  let shift = [0];
  let isSeen = false;
  let value = input;
  for (;;) {
    const [node, ...others] = readers.get(value) ?? [];
    if (!node || others.length > 0) break;
    const found = statics.arithmeticOf(node);
    if (found) {
      const by = fewNumbers(found.operand.constant, channels);
      if (!by || (by.length !== 1 && by.length !== channels)) break;
      const each = (values: readonly number[], apply: (a: number, b: number) => number): number[] =>
        Array.from({ length: Math.max(values.length, by.length) }, (_, c) =>
          apply(values[c % values.length] ?? 0, by[c % by.length] ?? 0),
        );
      const type = typeOf(node);
      if (type === "Add") shift = each(shift, (a, b) => a + b);
      else if (type === "Mul") [scale, shift] = [each(scale, (a, b) => a * b), each(shift, (a, b) => a * b)];
      else if (type === "Div" && found.isFirst)
        [scale, shift] = [each(scale, (a, b) => a / b), each(shift, (a, b) => a / b)];
      else if (type === "Sub" && found.isFirst) shift = each(shift, (a, b) => a - b);
      else break;
      isSeen = true;
    } else if (!["Cast", "Identity", "Transpose"].includes(typeOf(node))) break;
    const [next] = node.outputs;
    if (!next) break;
    value = next;
  }
  return { arithmetic: isSeen ? { scale, shift } : null, end: value };
}
