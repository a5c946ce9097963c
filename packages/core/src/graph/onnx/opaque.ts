/** Nodes that oal does not understand, kept as they stood so that a foreign graph can be extended and written back whole. */
import { oalError } from "../../errors/index.js";
import { ShapeProblem, type Operator } from "../operator.js";
import type { ValueType } from "../tensor.js";
import type { NodeUse } from "./subgraph.js";

/** What is kept of a node. */
export interface OpaqueNode {
  /** Why it is not understood, as a sentence's end. */
  readonly reason: string;
  /** Its attributes, each an AttributeProto. */
  readonly attributes: readonly Uint8Array[];
  /** The names by which its graphs read values from around it; those are the node's last inputs. */
  readonly captured: readonly string[];
  /** Its outputs: types as far as they are known; one that the file leaves out is not written either. */
  readonly outputs: readonly { readonly type: ValueType | null; readonly isLeftOut: boolean }[];
  /** Which of several functions of one name is called. */
  readonly overload: string;
  /** Itself and everything inside it, with the opset of each. */
  readonly uses: readonly (NodeUse & { readonly opset: number })[];
  /** The versions of domains that its file imports and it needs. */
  readonly imports: ReadonlyMap<string, number>;
  /** The functions of its file, each a FunctionProto, where it calls one. */
  readonly functions: readonly Uint8Array[];
}

/** The operator of one opaque node: types are recorded, there is no gradient and no reference. */
export function opaqueOperator(name: string, domain: string, opaque: OpaqueNode): Operator {
  return {
    name,
    ...(domain === "" ? {} : { domain }),
    sinceOpset: 1,
    attributes: {},
    infer: () =>
      opaque.outputs.map(({ type }) => {
        if (type) return type;
        throw new ShapeProblem("the type of an output is not known");
      }),
    gradient: "none",
    reference: () => {
      throw oalError("OAL-G111", { operator: name });
    },
    testPoints: [],
    opaque,
  };
}

/** What is kept of a tensor that oal does not compute with: a Constant node without inputs. */
export function carriedConstant(attribute: Uint8Array, opset: number): OpaqueNode {
  return {
    reason: "oal does not compute with its element type",
    attributes: [attribute],
    captured: [],
    outputs: [{ type: null, isLeftOut: false }],
    overload: "",
    uses: [{ operator: "Constant", domain: "", attributes: ["value"], inputs: 0, outputs: 1, opset }],
    imports: new Map([["", opset]]),
    functions: [],
  };
}
