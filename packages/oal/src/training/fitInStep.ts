/**
 * A small network fitted inside a training step by Adam steps of its own, on a loss of its own: its parameters and
 * moments are state of the step graph, not parameters of the outer optimiser.
 */
import {
  add,
  div,
  gradients,
  mul,
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
  const moments = new Map(
    names.map(({ name, shape }) => [
      name,
      {
        first: context.buffer(`fit.m.${name}`, shape, zeros),
        second: context.buffer(`fit.v.${name}`, shape, zeros),
      },
    ]),
  );
  for (let step = 0; step < steps; step++) {
    const sources = names.map(({ name }) => lookUp(current, name));
    if (step > 0) loss = context.graph.scope(`fit${step}`, () => lossOf(state));
    const slopes = gradients(loss, sources);
    power1 = mul(power1, beta1);
    power2 = mul(power2, beta2);
    names.forEach(({ name }, index) => {
      const slope = slopes[index];
      const source = sources[index];
      const moment = moments.get(name);
      if (!slope || !source || !moment) return;
      const first = add(mul(moment.first, beta1), mul(slope, 1 - beta1));
      const second = add(mul(moment.second, beta2), mul(mul(slope, slope), 1 - beta2));
      moments.set(name, { first, second });
      const scale = div(rate, sub(1, power1));
      const root = add(sqrt(div(second, sub(1, power2))), epsilon);
      current.set(name, stopGradient(sub(source, div(mul(scale, first), root))));
    });
  }
  for (const { name } of names) {
    context.updateBuffer(name, lookUp(current, name));
    const moment = moments.get(name);
    if (moment) {
      context.updateBuffer(`fit.m.${name}`, moment.first);
      context.updateBuffer(`fit.v.${name}`, moment.second);
    }
  }
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
