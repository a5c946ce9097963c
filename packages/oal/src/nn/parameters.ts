/**
 * Parameters as data: what a network declares (specifications) and what a run holds (tensors by full dotted name).
 * Names are PyTorch's. Nothing here knows a graph; see context.ts for that.
 */
import { expectArguments, float32Tensor, kinds, Random, sizeOf, type Shape, type Tensor } from "oal-core";
import type { Initializer } from "./initialisers.js";

/** What a network says about one tensor it owns. */
export interface ParameterSpec {
  /** Full dotted name, as in PyTorch's state_dict. */
  readonly name: string;
  readonly shape: Shape;
  /** "parameter" is trained, "frozen" is fixed by hand, "buffer" is a running statistic. */
  readonly kind: "parameter" | "frozen" | "buffer";
  readonly init: Initializer;
  /** Whether weight decay applies (default true, as in the published trainers). */
  readonly decay: boolean;
  /** Multiplier of the group's learning rate (default 1). */
  readonly rate: number;
}

/** All parameters and buffers of a run by full dotted name. */
export type ParameterStore = Map<string, Tensor>;

const specifications = kinds.listOf(
  kinds.fields({ name: kinds.name, shape: kinds.sizes, kind: kinds.name, init: kinds.callback }),
);

/**
 * Draws the first values of all parameters and buffers.
 *
 * @param specs what the network declared; any order, the values do not depend on it
 * @param seed seed of the run; every tensor has a stream of its own, derived from its name
 */
export function initializeParameters(specs: readonly ParameterSpec[], seed: number): ParameterStore {
  expectArguments("initializeParameters", { specs: [specs, specifications], seed: [seed, kinds.integer] });
  const random = new Random(seed, "parameters");
  const store: ParameterStore = new Map();
  for (const spec of specs)
    store.set(spec.name, float32Tensor(spec.shape, spec.init(spec.shape, random.derive(spec.name))));
  return store;
}

/** Number of trained scalars (buffers and frozen tensors do not count). */
export function countParameters(specs: readonly ParameterSpec[]): number {
  expectArguments("countParameters", { specs: [specs, specifications] });
  let count = 0;
  for (const spec of specs) if (spec.kind === "parameter") count += sizeOf(spec.shape);
  return count;
}

/** The tensors below a prefix, with the prefix and its dot taken off: "student" turns "student.fc.weight" into "fc.weight". */
export function parametersUnder(store: ReadonlyMap<string, Tensor>, prefix: string): ParameterStore {
  const found: ParameterStore = new Map();
  for (const [name, tensor] of store)
    if (name.startsWith(prefix + ".")) found.set(name.slice(prefix.length + 1), tensor);
  return found;
}

/** The same tensors with a prefix and a dot put in front of every name. */
export function withPrefix(store: ReadonlyMap<string, Tensor>, prefix: string): ParameterStore {
  return new Map([...store].map(([name, tensor]) => [`${prefix}.${name}`, tensor]));
}
