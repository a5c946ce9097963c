/** A graph's copy under construction: what every value became in it. */
import { oalError } from "../errors/index.js";
import { at } from "../graph/ops/access.js";
import { Graph, type Node, type Value } from "../graph/value.js";

/** Copies of values, made as they are asked for. Nodes are copied in their order, by whoever rewrites. */
export class Copies {
  readonly target = new Graph();
  readonly #of = new Map<Value, Value>();

  /** @param source whose outputs' names are kept free */
  constructor(source: Graph) {
    for (const name of source.outputs.keys()) this.target.reserveOutput(name);
  }

  /** Says what a value became. */
  set(value: Value, copy: Value): void {
    this.#of.set(value, copy);
  }

  /**
   * What a value became.
   *
   * @throws OAL-G102 for a value that nothing computes
   */
  of(value: Value): Value {
    const known = this.#of.get(value);
    if (known) return known;
    if (!value.constant)
      throw oalError("OAL-G102", {
        node: value.name,
        path: value.node?.path ?? "",
        problem: "is read by the graph but is neither computed before it nor an input of it",
      });
    const copy = this.target.constant(value.constant, value.name);
    this.set(value, copy);
    return copy;
  }

  /** The same node on copies of its inputs. */
  node({ operator, inputs, attributes, outputs }: Node): void {
    const copied = this.target.node(
      operator,
      inputs.map((input) => input && this.of(input)),
      attributes,
    );
    outputs.forEach((value, index) => this.set(value, at(copied, index)));
  }
}
