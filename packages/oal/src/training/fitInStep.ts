/**
 * A small network fitted inside a training step by Adam steps of its own, on a loss of its own: its parameters and
 * moments are state of the step graph, not parameters of the outer optimiser.
 */
import {
  add,
  concat,
  div,
  gradients,
  mul,
  reshape,
  sizeOf,
  slice,
  sqrt,
  sub,
  stopGradient,
  type Graph,
  type Shape,
  type Value,
} from "oal-core";
import type { Context } from "../nn/context.js";
import { ones, zeros, type Initializer } from "../nn/initialisers.js";

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/** The fitted network and its last loss. */
export interface FittedPart {
  /** Hand this to the network's builder to get it with the fitted parameters, frozen. */
  readonly fitted: Context;
  /** The loss before the last step, float32 scalar. */
  readonly loss: Value;
}

/**
 * Unrolls `steps` Adam steps of a sub-network.
 *
 * @param context where the state is declared
 * @param lossOf builds the network's loss from a context; called once per step and once for the names
 */
export function fitInStep(
  context: Context,
  steps: number,
  rate: number,
  lossOf: (part: Context) => Value,
): FittedPart {
  const names: { name: string; shape: Shape; init: Initializer }[] = [];
  const current = new Map<string, Value>();
  const state = new StateContext(context, "", current, names);
  let loss = context.graph.scope("start", () => lossOf(state));
  let power1 = context.buffer("fit.power1", [], ones);
  let power2 = context.buffer("fit.power2", [], ones);
  if (names.length > 0 && steps > 0) {
    // All parameters in one vector: a step is a dozen operators, not a dozen for each of them.
    const sizes = names.map(({ shape }) => sizeOf(shape));
    const size = sizes.reduce((sum, each) => sum + each, 0);
    const vectorOf = (values: readonly Value[]): Value =>
      concat(
        values.map((value) => reshape(value, [-1])),
        0,
      );
    let first = context.buffer("fit.m", [size], zeros);
    let second = context.buffer("fit.v", [size], zeros);
    let vector = vectorOf(names.map(({ name }) => lookUp(current, name)));
    for (let step = 0; step < steps; step++) {
      const sources = names.map(({ name }) => lookUp(current, name));
      if (step > 0) loss = context.graph.scope(`fit${step}`, () => lossOf(state));
      const slope = vectorOf(gradients(loss, sources));
      power1 = mul(power1, beta1);
      power2 = mul(power2, beta2);
      first = add(mul(first, beta1), mul(slope, 1 - beta1));
      second = add(mul(second, beta2), mul(mul(slope, slope), 1 - beta2));
      const scale = div(rate, sub(1, power1));
      const root = add(sqrt(div(second, sub(1, power2))), epsilon);
      const moved = stopGradient(sub(vector, div(mul(scale, first), root)));
      let offset = 0;
      names.forEach(({ name, shape }, index) => {
        const end = offset + (sizes[index] ?? 0);
        current.set(name, reshape(slice(moved, [offset], [end], [0]), shape));
        offset = end;
      });
      vector = moved;
    }
    context.updateBuffer("fit.m", first);
    context.updateBuffer("fit.v", second);
  }
  for (const { name } of names) context.updateBuffer(name, lookUp(current, name));
  context.updateBuffer("fit.power1", power1);
  context.updateBuffer("fit.power2", power2);
  return { fitted: state, loss };
}

function lookUp(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (!value) throw new RangeError(name);
  return value;
}

/** Gives the current values of parameters; declares them as state of the outer context when first asked. */
class StateContext implements Context {
  readonly training = true;
  readonly #outer: Context;
  readonly #prefix: string;
  readonly #current: Map<string, Value>;
  readonly #names: { name: string; shape: Shape; init: Initializer }[];

  constructor(
    outer: Context,
    prefix: string,
    current: Map<string, Value>,
    names: { name: string; shape: Shape; init: Initializer }[],
  ) {
    this.#outer = outer;
    this.#prefix = prefix;
    this.#current = current;
    this.#names = names;
  }

  get graph(): Graph {
    return this.#outer.graph;
  }

  parameter(name: string, shape: Shape, init: Initializer): Value {
    const full = this.#prefix + name;
    const known = this.#current.get(full);
    if (known) return known;
    const value = this.#outer.buffer(full, shape, init);
    this.#current.set(full, value);
    this.#names.push({ name: full, shape, init });
    return value;
  }

  buffer(name: string, shape: Shape, init: Initializer): Value {
    return this.#outer.buffer(this.#prefix + name, shape, init);
  }

  updateBuffer(name: string, value: Value): void {
    this.#outer.updateBuffer(this.#prefix + name, value);
  }

  child(name: string): Context {
    return new StateContext(this.#outer, `${this.#prefix}${name}.`, this.#current, this.#names);
  }

  scope<T>(body: () => T): T {
    return this.#outer.scope(body);
  }
}
