/** Nodes of ONNX files that the table of operators knows: the operator, and the attributes in its terms. */
import type { Attributes, Operator } from "../operator.js";
import { operators } from "../ops/index.js";
import { attributeValue } from "./attributes.js";
import { otherForm, type FileNode, type Translation } from "./otherForms.js";
import { meansTheSame, sinceOfAttributes } from "./schemaVersions.js";

/** A node in oal's terms, or why there is none, as a sentence's end. */
export type Understood = Translation | { readonly reason: string };

/** Operators that a file may name: not oal's variants of them, nor those that need notes that no file keeps. */
const readable: ReadonlyMap<string, Operator> = new Map(
  Object.values<Operator>(operators)
    .filter(
      ({ onnxType, domain, attributes }) =>
        onnxType === undefined && domain === undefined && !Object.values(attributes).includes("note"),
    )
    .map((operator) => [operator.name, operator]),
);

/**
 * A node of ONNX's own domain in oal's terms.
 *
 * @param newest the opset beyond which the node must not have its form: Infinity unless other nodes hold the file back
 */
export function understand(node: FileNode, newest: number): Understood {
  const found = otherForm(node) ?? ownForm(node);
  const since = "reason" in found ? 0 : sinceOfAttributes(found.operator, Object.keys(found.attributes));
  if (since <= newest) return found;
  return {
    reason: `oal knows such a node as of opset ${since}, at which another node of the file cannot be written`,
  };
}

/** Attributes that say nothing at this value, but whose name would ask for a newer form. */
const idle: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ArgMax: { select_last_index: 0 },
  AveragePool: { ceil_mode: 0 },
  Reshape: { allowzero: 0 },
};

function ownForm({ use, opset, attributes: given, types }: FileNode): Understood {
  const operator = use.domain === "" ? readable.get(use.operator) : undefined;
  if (!operator) return { reason: "oal has no such operator" };
  const names = given.names.filter((name) => {
    const value = idle[operator.name]?.[name];
    return value === undefined || given.int(name, value) !== value;
  });
  const since = sinceOfAttributes(operator, names);
  if (!meansTheSame(operator.name, { ...use, attributes: names }, opset, since))
    return { reason: `oal knows such a node as of opset ${since}` };
  const attributes: Record<string, Attributes[string]> = {};
  for (const name of names) {
    const kind = Object.hasOwn(operator.attributes, name) ? operator.attributes[name] : undefined;
    if (!kind) return { reason: `oal does not know its attribute ${name}` };
    const attribute = given.message(name);
    const value = attribute && attributeValue(attribute, kind);
    if (value === undefined) return { reason: `its attribute ${name} has another form` };
    attributes[name] = value;
  }
  return { operator, attributes, inputs: types.map((_, index) => index) };
}
