/** The nodes of a file before they become a graph: what they are called, their order, and those that no engine runs. */
import { oalError } from "../../errors/index.js";
import type { Message } from "./protobufReader.js";
import { isKnown } from "./schemaVersions.js";
import { capturedBy, usesOf } from "./subgraph.js";

/** What a node is called in errors. */
export function describeNode(node: Message): string {
  const name = node.text(3);
  const [output = ""] = node.texts(2);
  return name === "" ? `the ${node.text(4)} node of "${output}"` : `the ${node.text(4)} node "${name}"`;
}

/** Operators that ONNX Runtime has in ONNX's own domain though ONNX lists them no more, or never did. */
const runtimeOperators: ReadonlySet<string> = new Set([
  "Affine",
  "ConstantFill",
  "Crop",
  "DynamicSlice",
  "GivenTensorFill",
  "GRUUnit",
  "ImageScaler",
  "ParametricSoftplus",
  "Scale",
  "ScaledTanh",
  "SimplifiedLayerNormalization",
]);

/** Domains of ONNX Runtime itself, whose operators are carried as they stand. */
const isEngineDomain = (domain: string): boolean =>
  /^(ai\.onnx\.ml|com\.microsoft(\..+)?|com\.ms\..+)$/.test(domain);

/**
 * Refuses nodes whose operator nothing knows: of another domain, or none of ONNX's.
 *
 * @param functions names of the file's own functions, "domain:name"
 * @param domains further domains that the caller's engine knows
 * @throws OAL-G118 naming all of them
 */
export function refuseUnknown(
  nodes: readonly Message[],
  functions: ReadonlySet<string>,
  domains: readonly string[],
): void {
  const unknown = nodes.flatMap((node) => {
    const strangers = usesOf(node).filter(({ operator, domain }) => {
      if (functions.has(`${domain}:${operator}`)) return false;
      if (domain === "") return !isKnown(operator) && !runtimeOperators.has(operator);
      return !isEngineDomain(domain) && !domains.includes(domain);
    });
    const [first] = strangers;
    if (!first) return [];
    const { operator, domain } = first;
    return [
      `${describeNode(node)} (${operator} of ${domain === "" ? "ONNX's own domain" : `the domain "${domain}"`})`,
    ];
  });
  if (unknown.length > 0) throw oalError("OAL-G118", { where: "the file", nodes: unknown.join(", ") });
}

/**
 * The nodes in an order in which every value is computed before it is read, the file's own where it is one.
 *
 * @param given names of inputs and initialisers
 * @throws OAL-G112 where a node reads what nothing gives, two nodes give one name, or nodes wait for one another
 */
export function inOrder(nodes: readonly Message[], given: ReadonlySet<string>): readonly Message[] {
  const makers = new Map<string, Message>();
  for (const node of nodes)
    for (const name of node.texts(2).filter((each) => each !== "")) {
      if (makers.has(name) || given.has(name))
        throw refusal(node, `computes "${name}", which is there already: every name belongs to one value`);
      makers.set(name, node);
    }
  const done = new Set<Message>();
  const waiting = new Set<Message>();
  const order: Message[] = [];
  for (const first of nodes) {
    const stack = [first];
    while (stack.length > 0) {
      const node = stack.at(-1);
      if (!node) break;
      if (done.has(node)) {
        stack.pop();
        continue;
      }
      const missing = needsOf(node).flatMap((name) => {
        const maker = makers.get(name);
        if (!maker && !given.has(name)) throw refusal(node, `reads "${name}", which nothing computes`);
        return maker && !done.has(maker) ? [maker] : [];
      });
      if (missing.length === 0) {
        done.add(node);
        order.push(node);
        continue;
      }
      waiting.add(node);
      const again = missing.find((maker) => waiting.has(maker));
      if (again) throw refusal(node, `waits for ${describeNode(again)}, which waits for it`);
      stack.push(...missing);
    }
  }
  return order;
}

/** The names that a node reads, those of the graphs inside it included. */
export function needsOf(node: Message): readonly string[] {
  return [...node.texts(1).filter((name) => name !== ""), ...capturedBy(node)];
}

function refusal(node: Message, problem: string): Error {
  return oalError("OAL-G112", { where: describeNode(node), problem });
}
