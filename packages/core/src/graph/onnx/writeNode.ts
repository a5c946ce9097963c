/** Nodes of a graph as NodeProto. */
import type { AttributeKind } from "../operator.js";
import type { Node } from "../value.js";
import type { ProtobufWriter } from "./protobuf.js";
import { renamedAttribute } from "./subgraph.js";

/** Field and type numbers of AttributeProto. */
const attributeField: Readonly<Record<Exclude<AttributeKind, "note">, { field: number; type: number }>> = {
  float: { field: 2, type: 1 },
  int: { field: 3, type: 2 },
  string: { field: 4, type: 3 },
  floats: { field: 7, type: 6 },
  ints: { field: 8, type: 7 },
};

/** One node; an opaque one as it stood, with the names that values have now. */
export function writeNode(writer: ProtobufWriter, node: Node): void {
  const { operator } = node;
  const { opaque } = operator;
  const count = node.inputs.length - (opaque?.captured.length ?? 0);
  const inputs = node.inputs.slice(0, count).map((input) => input?.name ?? "");
  while (inputs.at(-1) === "") inputs.pop();
  for (const name of inputs) writer.string(1, name);
  node.outputs.forEach((output, index) =>
    writer.string(2, opaque?.outputs[index]?.isLeftOut === true ? "" : output.name),
  );
  writer.string(3, node.outputs[0]?.name ?? operator.name);
  writer.string(4, operator.onnxType ?? operator.name);
  for (const [name, value] of Object.entries(node.attributes)) {
    const kind = operator.attributes[name];
    if (kind && kind !== "note")
      writer.message(5, (attribute) => writeAttribute(attribute, name, kind, value));
  }
  for (const attribute of opaque ? keptAttributes(node, opaque.captured) : []) writer.bytes(5, attribute);
  if (operator.domain !== undefined) writer.string(7, operator.domain);
  if (opaque && opaque.overload !== "") writer.string(8, opaque.overload);
}

/** The attributes of an opaque node; what its graphs read from around it may have other names by now. */
function keptAttributes(node: Node, captured: readonly string[]): readonly Uint8Array[] {
  const attributes = node.operator.opaque?.attributes ?? [];
  const first = node.inputs.length - captured.length;
  const names = new Map(
    captured.flatMap((name, index) => {
      const now = node.inputs[first + index]?.name;
      return now === undefined || now === name ? [] : [[name, now]];
    }),
  );
  return names.size === 0 ? attributes : attributes.map((attribute) => renamedAttribute(attribute, names));
}

function writeAttribute(
  writer: ProtobufWriter,
  name: string,
  kind: Exclude<AttributeKind, "note">,
  value: number | string | readonly number[],
): void {
  const { field, type } = attributeField[kind];
  writer.string(1, name);
  if (typeof value === "string") writer.string(field, value);
  else {
    const real = kind === "float" || kind === "floats";
    for (const element of typeof value === "number" ? [value] : value) {
      if (real) writer.float(field, element);
      else writer.integer(field, element);
    }
  }
  writer.integer(20, type);
}
