/** Functions that an ONNX file defines for itself: which of them a node needs, and what is inside them. */
import type { OpaqueNode } from "./opaque.js";
import type { Message } from "./protobufReader.js";
import { domainOf, usesOf, type NodeUse } from "./subgraph.js";

/** The versions of the operator domains that a model or a function imports; "" is ONNX's own. */
export function opsetsOf(message: Message, field: number): Map<string, number> {
  return new Map(
    message.messages(field, "an opset import").map((entry) => {
      const domain = entry.text(1);
      return [domain === "ai.onnx" ? "" : domain, entry.integer(2) ?? 0];
    }),
  );
}

/** The functions of one file. */
export class FileFunctions {
  readonly #byName = new Map<string, Message[]>();
  readonly #opsets: ReadonlyMap<string, number>;

  constructor(model: Message, opsets: ReadonlyMap<string, number>) {
    this.#opsets = opsets;
    for (const each of model.messages(25, "a function")) {
      const name = `${each.text(10)}:${each.text(1)}`;
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), each]);
    }
  }

  /** "domain:name" of every function. */
  get names(): ReadonlySet<string> {
    return new Set(this.#byName.keys());
  }

  /** The one function that a node calls; null where it calls none, or several have its name. */
  calledBy(node: Message): Message | null {
    const named = this.#byName.get(`${domainOf(node)}:${node.text(4)}`) ?? [];
    const [called, ...others] = named.filter((each) => each.text(13) === node.text(8));
    return called && others.length === 0 ? called : null;
  }

  /** What nodes need beside themselves: functions with all that those call, opsets of every use, imports of their domains. */
  needsOf(nodes: readonly NodeUse[]): Pick<OpaqueNode, "uses" | "imports" | "functions"> {
    const uses: OpaqueNode["uses"][number][] = [];
    const imports = new Map<string, number>();
    const functions = new Set<Message>();
    // a list, not calls within calls: a hostile file can have chains of any length
    const waiting = nodes.map((use) => ({ use, opsets: this.#opsets })).reverse();
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { use, opsets } = next;
      const opset = opsets.get(use.domain) ?? 0;
      uses.push({ ...use, opset });
      if (!imports.has(use.domain)) imports.set(use.domain, this.#opsets.get(use.domain) ?? opset);
      for (const called of this.#byName.get(`${use.domain}:${use.operator}`) ?? []) {
        if (functions.has(called)) continue;
        functions.add(called);
        const own = opsetsOf(called, 9);
        for (const node of called.messages(7, "a node of a function"))
          waiting.push(...usesOf(node).map((inner) => ({ use: inner, opsets: own })));
      }
    }
    return { uses, imports, functions: [...functions].map(({ bytes }) => bytes) };
  }
}
