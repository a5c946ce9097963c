/** The operator versions of a file: one a domain, at which every node must mean what it means. */
import { oalError, type OalError } from "../../errors/index.js";
import type { Node } from "../value.js";
import { isKnown, knownOpset, meansTheSame, sinceOfAttributes, type NodeForm } from "./schemaVersions.js";

/** The opset that a graph is written at unless a node needs another. */
export const writtenOpset = 20;

/** A node of ONNX's own domain, anywhere in the file, and the opset at which it has its form. */
interface Use extends NodeForm {
  readonly node: Node;
  readonly operator: string;
  readonly opset: number;
  /** Of oal's table or of an author's: an operator that the version table does not know is his business. */
  readonly isOwn: boolean;
}

/**
 * The version of every domain that nodes need; "" first.
 *
 * @throws OAL-G116 when there is no opset at which all nodes mean what they mean
 */
export function opsetsFor(nodes: readonly Node[]): Map<string, number> {
  const uses = nodes.flatMap(usesOfNode);
  const higher = Array.from({ length: knownOpset - writtenOpset }, (_, index) => writtenOpset + 1 + index);
  const lower = Array.from({ length: writtenOpset - 1 }, (_, index) => writtenOpset - 1 - index);
  const fitting = [writtenOpset, ...higher, ...lower].find((opset) => uses.every((use) => keeps(use, opset)));
  if (fitting === undefined) {
    const [use] = uses.filter((each) => !keeps(each, writtenOpset));
    throw refusal(use?.node, use?.operator ?? "", use?.opset ?? 0, writtenOpset);
  }
  return new Map([["", fitting], ...domainsOf(nodes)]);
}

/** Never below the opset at which the node has its form: what came with it would be missing. */
function keeps(use: Use, opset: number): boolean {
  if (opset <= use.opset) return opset === use.opset;
  return (use.isOwn && !isKnown(use.operator)) || meansTheSame(use.operator, use, use.opset, opset);
}

/** The other domains: versions do not mix, for nothing is known of what changes between them. */
function domainsOf(nodes: readonly Node[]): Map<string, number> {
  const opsets = new Map<string, number>();
  const fixed = new Map<string, number>();
  for (const node of nodes) {
    const { operator } = node;
    for (const [domain, version] of operator.opaque?.imports ?? []) {
      if (domain === "") continue;
      const other = fixed.get(domain) ?? version;
      if (other !== version) throw refusal(node, `${domain} ${operator.name}`, version, other);
      fixed.set(domain, version);
      opsets.set(domain, version);
    }
  }
  for (const node of nodes) {
    const { operator } = node;
    if (operator.domain === undefined || operator.opaque) continue;
    const version = Math.max(opsets.get(operator.domain) ?? 1, operator.sinceOpset);
    const kept = fixed.get(operator.domain) ?? version;
    if (kept !== version) throw refusal(node, operator.name, operator.sinceOpset, kept);
    opsets.set(operator.domain, version);
  }
  return opsets;
}

function refusal(node: Node | undefined, operator: string, opset: number, written: number): OalError {
  return oalError("OAL-G116", { node: node?.outputs[0]?.name ?? "a node", operator, opset, written });
}

function usesOfNode(node: Node): Use[] {
  const { operator } = node;
  if (operator.opaque)
    return operator.opaque.uses
      .filter(({ domain }) => domain === "")
      .map((use) => ({ ...use, node, isOwn: false }));
  if (operator.domain !== undefined) return [];
  const form = {
    attributes: Object.keys(node.attributes).filter((name) => operator.attributes[name] !== "note"),
    inputs: node.inputs.filter((input) => input !== null).length,
    outputs: node.outputs.length,
  };
  return [{ ...form, node, operator: operator.onnxType ?? operator.name, opset: sinceOf(node), isOwn: true }];
}

/** The version since which a node of an operator of oal's or of an author's has its form. */
function sinceOf({ operator, attributes, inputs }: Node): number {
  const versions = inputs.map((input, index) => (input && operator.newerInputs?.[index]) ?? 1);
  return Math.max(sinceOfAttributes(operator, Object.keys(attributes)), ...versions);
}
