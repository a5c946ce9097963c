/** Attributes of nodes in ONNX files, as oal's operators take them. */
import type { AttributeKind, Attributes } from "../operator.js";
import type { Message } from "./protobufReader.js";

/** ONNX's number of every kind of attribute (AttributeProto.AttributeType). */
const kindCodes: Readonly<Record<AttributeKind, number>> = {
  float: 1,
  int: 2,
  string: 3,
  floats: 6,
  ints: 7,
  note: -1,
};

/** The value of an AttributeProto; undefined for a reference to one of a function, or another kind than is asked for. */
export function attributeValue(attribute: Message, kind: AttributeKind): Attributes[string] | undefined {
  // Old files do not tell the kind.
  const code = attribute.integer(20) ?? 0;
  if (attribute.has(21) || (code !== 0 && code !== kindCodes[kind])) return undefined;
  switch (kind) {
    case "float":
      return attribute.floats(2).at(-1) ?? (code === 0 ? undefined : 0);
    case "int":
      return attribute.has(3) ? attribute.integer(3) : code === 0 ? undefined : 0;
    case "string":
      return attribute.text(4);
    case "floats":
      return attribute.floats(7);
    case "ints":
      return attribute.integers(8);
    case "note":
      return undefined;
  }
}

/** The attributes of one node by name. */
export class NodeAttributes {
  readonly #byName: ReadonlyMap<string, Message>;

  constructor(node: Message) {
    this.#byName = new Map(
      node.messages(5, "an attribute").map((attribute) => [attribute.text(1), attribute]),
    );
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  message(name: string): Message | undefined {
    return this.#byName.get(name);
  }

  /** A whole number; the fallback where the node has none of that kind. */
  int(name: string, fallback: number): number {
    const value = this.#value(name, "int");
    return typeof value === "number" ? value : fallback;
  }

  float(name: string, fallback: number): number {
    const value = this.#value(name, "float");
    return typeof value === "number" ? value : fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.#value(name, "string");
    return typeof value === "string" ? value : fallback;
  }

  ints(name: string): readonly number[] | null {
    const value = this.#value(name, "ints");
    return typeof value === "object" ? value : null;
  }

  floats(name: string): readonly number[] | null {
    const value = this.#value(name, "floats");
    return typeof value === "object" ? value : null;
  }

  #value(name: string, kind: AttributeKind): Attributes[string] | undefined {
    const attribute = this.#byName.get(name);
    return attribute && attributeValue(attribute, kind);
  }
}
