/** Nodes of ONNX files that the table of operators knows: the operator, and the attributes in its terms. */
import type { AttributeKind, Attributes, Operator } from "../operator.js";
import { operators } from "../ops/index.js";
import { Identity } from "../ops/identity.js";
import type { Message } from "./protobufReader.js";
import { meansTheSame, sinceOfAttributes } from "./schemaVersions.js";
import type { NodeUse } from "./subgraph.js";

/** A node in oal's terms, or why there is none, as a sentence's end. */
export type Understood =
  | {
      readonly operator: Operator;
      readonly attributes: Attributes;
      /** How many of the node's inputs are taken. */
      readonly taken: number;
      /** Whole numbers that are another input. */
      readonly added: readonly number[] | null;
    }
  | { readonly reason: string };

/** Operators that a file may name: not oal's variants of them, nor those that need notes that no file keeps. */
const readable: ReadonlyMap<string, Operator> = new Map(
  Object.values<Operator>(operators)
    .filter(
      ({ onnxType, domain, attributes }) =>
        onnxType === undefined && domain === undefined && !Object.values(attributes).includes("note"),
    )
    .map((operator) => [operator.name, operator]),
);

/** Operators whose axes were an attribute before they became an input. */
const axesBecameInput = new Set([
  "ReduceLogSumExp",
  "ReduceMax",
  "ReduceMean",
  "ReduceSum",
  "Squeeze",
  "Unsqueeze",
]);

/** Dropout outside training does nothing; since opset 7 it is in training only when an input says so. */
function isIdentity(node: Message, { operator, domain, outputs }: NodeUse, opset: number): boolean {
  const isTraining = (node.texts(1)[2] ?? "") !== "";
  return operator === "Dropout" && domain === "" && opset >= 7 && outputs <= 1 && !isTraining;
}

/** Before opset 13 Softmax took everything behind its axis (default 1) together: over the last axis that is today's. */
function isSoftmaxOfLast(node: Message, { operator, domain }: NodeUse, opset: number, rank: number): boolean {
  if (operator !== "Softmax" || domain !== "" || opset >= 13) return false;
  const [attribute] = node.messages(5, "an attribute");
  const axis = attribute ? (attribute.integer(3) ?? 0) : 1;
  return axis === rank - 1 || axis === -1;
}

/**
 * A node of ONNX's own domain in oal's terms.
 *
 * @param use the node, counting only outputs that something reads
 * @param rank number of axes of its first input, as far as that is known
 * @param newest the opset beyond which the node must not have its form: Infinity unless other nodes hold the file back
 */
export function understand(
  node: Message,
  use: NodeUse,
  opset: number,
  rank: number | undefined,
  newest: number,
): Understood {
  const found = translate(node, use, opset, rank);
  const since = "reason" in found ? 0 : sinceOfAttributes(found.operator, Object.keys(found.attributes));
  if (since <= newest) return found;
  return {
    reason: `oal knows such a node as of opset ${since}, at which another node of the file cannot be written`,
  };
}

function translate(node: Message, use: NodeUse, opset: number, rank: number | undefined): Understood {
  if (isIdentity(node, use, opset)) return { operator: Identity, attributes: {}, taken: 1, added: null };
  if (rank !== undefined && isSoftmaxOfLast(node, use, opset, rank))
    return { operator: operators.Softmax, attributes: { axis: rank - 1 }, taken: 1, added: null };
  const operator = use.domain === "" ? readable.get(use.operator) : undefined;
  if (!operator) return { reason: "oal has no such operator" };
  const older = axesBecameInput.has(operator.name) && use.inputs === 1 && use.attributes.includes("axes");
  const form = older ? { ...use, attributes: use.attributes.filter((name) => name !== "axes") } : use;
  const since = sinceOfAttributes(operator, form.attributes);
  if (!meansTheSame(operator.name, form, opset, since))
    return { reason: `oal knows such a node as of opset ${since}` };
  let added: readonly number[] | null = null;
  const attributes: Record<string, Attributes[string]> = {};
  for (const attribute of node.messages(5, "an attribute")) {
    const name = attribute.text(1);
    if (older && name === "axes") {
      added = attribute.integers(8);
      continue;
    }
    const kind = Object.hasOwn(operator.attributes, name) ? operator.attributes[name] : undefined;
    if (!kind) return { reason: `oal does not know its attribute ${name}` };
    const value = attributeValue(attribute, kind);
    if (value === undefined) return { reason: `its attribute ${name} has another form` };
    attributes[name] = value;
  }
  return { operator, attributes, taken: node.texts(1).length, added };
}

/** ONNX's number of every kind of attribute (AttributeProto.AttributeType). */
const kindCodes: Readonly<Record<AttributeKind, number>> = {
  float: 1,
  int: 2,
  string: 3,
  floats: 6,
  ints: 7,
  note: -1,
};

function attributeValue(attribute: Message, kind: AttributeKind): Attributes[string] | undefined {
  // A reference to an attribute of a function, or another kind than the operator has. Old files do not tell the kind.
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
