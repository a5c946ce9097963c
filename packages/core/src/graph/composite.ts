/** Marks on values that several nodes compute, so that a rewrite may compute them otherwise. */
import type { Value } from "./value.js";

/**
 * A formula that is composed of several nodes: the values that are results of it, and what each was made of. Copies of a graph do not
 * carry the marks along, which costs speed only.
 */
export class Composite<Parts> {
  readonly #parts = new WeakMap<Value, Parts>();

  /** Says that a value that was just built is this formula of these parts. */
  mark(value: Value, parts: Parts): Value {
    this.#parts.set(value, parts);
    return value;
  }

  /** What the value was made of; undefined where it is no result of this formula. */
  partsOf(value: Value): Parts | undefined {
    return this.#parts.get(value);
  }
}
