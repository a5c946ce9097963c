/** Steps over a state that is kept somewhere: in this process or on a device. What is carried where is checked here, once for all. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import type { Tensor } from "../graph/tensor.js";
import type { CarriedTensor, Stepper } from "./engine.js";

/** Where a state is kept, and what computes there. Kept: a tensor as it is kept there. */
export interface StateKeeper<Kept> {
  /** Names of the step's inputs. */
  readonly inputs: readonly string[];
  /** Names of the step's outputs. */
  readonly outputs: readonly string[];
  /** Takes tensors in. */
  keep(tensors: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Kept>>;
  /** Copies of kept tensors. */
  copy(tensors: ReadonlyMap<string, Kept>): Promise<Map<string, Tensor>>;
  /**
   * One step.
   *
   * @param following outputs that are kept
   * @returns these, and the other outputs
   * @throws OAL-R102 when an input is missing, of the wrong shape or element type
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    state: ReadonlyMap<string, Kept>,
    following: ReadonlySet<string>,
  ): Promise<{ readonly kept: ReadonlyMap<string, Kept>; readonly rest: Record<string, Tensor> }>;
  /** Lets go of a tensor that is not read again; every one that was kept, in the end. */
  drop(tensor: Kept): void | Promise<void>;
  /** Frees the memory of what computes. */
  release(): Promise<void>;
}

const aKeeper = kinds.fields({
  inputs: kinds.listOf(kinds.text),
  outputs: kinds.listOf(kinds.text),
  keep: kinds.callback,
  copy: kinds.callback,
  run: kinds.callback,
  drop: kinds.callback,
  release: kinds.callback,
});
const carriedTensors = kinds.listOf(kinds.fields({ name: kinds.text }));

/**
 * A stepper.
 *
 * @param keeper released with the stepper
 * @param carried what it carries from step to step
 * @throws OAL-R111 for a carried tensor that the step does not have
 * @example const stepper = stepperOver(keeper, [{ name: "weight", next: "next/weight" }]);
 *   await stepper.load(new Map([["weight", float32Tensor([2], [0, 0])]]));
 *   const { terms } = await stepper.step({ "batch/x": float32Tensor([2], [1, 2]) });
 */
export function stepperOver<Kept>(keeper: StateKeeper<Kept>, carried: readonly CarriedTensor[]): Stepper {
  expectArguments("stepperOver", { keeper: [keeper, aKeeper], carried: [carried, carriedTensors] });
  const [inputs, outputs] = [new Set(keeper.inputs), new Set(keeper.outputs)];
  const names = carried.map(({ name }) => name);
  const nextOf = new Map<string, string>();
  for (const { name, next } of carried) {
    if (!inputs.has(name)) throw oalError("OAL-R111", { name, problem: "the step has no such input" });
    if (next === undefined) continue;
    if (!outputs.has(next)) throw oalError("OAL-R111", { name, problem: `the step has no output "${next}"` });
    nextOf.set(name, next);
  }
  const carries = new Set(names);
  const following = new Set(nextOf.values());
  const state = new Map<string, Kept>();
  const refuse = (name: string): never => {
    const problem = carries.has(name) ? "it was never loaded" : "the step carries no such tensor";
    throw oalError("OAL-R111", { name, problem });
  };
  const replace = async (name: string, tensor: Kept): Promise<void> => {
    const before = state.get(name);
    state.set(name, tensor);
    if (before !== undefined && before !== tensor) await keeper.drop(before);
  };
  return {
    load: async (given) => {
      for (const name of given.keys()) if (!carries.has(name)) refuse(name);
      for (const [name, tensor] of await keeper.keep(given)) await replace(name, tensor);
    },
    step: async (feeds) => {
      const { kept, rest } = await keeper.run(feeds, state, following);
      for (const [name, next] of nextOf) {
        const tensor = kept.get(next);
        if (tensor !== undefined) await replace(name, tensor);
      }
      return rest;
    },
    read: async (wanted = names) =>
      keeper.copy(new Map(wanted.map((name): [string, Kept] => [name, state.get(name) ?? refuse(name)]))),
    release: async () => {
      for (const tensor of state.values()) await keeper.drop(tensor);
      state.clear();
      await keeper.release();
    },
  };
}
