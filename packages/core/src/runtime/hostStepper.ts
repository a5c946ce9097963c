/** A stepper over any session: the state is kept in this process and goes through the engine at every step. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import type { Tensor } from "../graph/tensor.js";
import type { CarriedTensor, Stepper } from "./engine.js";
import type { Session } from "./session.js";

const named = kinds.listOf(kinds.fields({ name: kinds.text }));

/**
 * Steps a session with its state on the host.
 *
 * @param session released with the stepper
 * @param carried what it carries from step to step
 * @throws OAL-R111 for a carried tensor that the session does not have
 */
export function hostStepper(session: Session, carried: readonly CarriedTensor[]): Stepper {
  expectArguments("hostStepper", {
    session: [session, kinds.fields({ inputs: named, outputs: named, run: kinds.callback })],
    carried: [carried, named],
  });
  const inputs = new Set(session.inputs.map(({ name }) => name));
  const outputs = new Set(session.outputs.map(({ name }) => name));
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
  const state = new Map<string, Tensor>();
  const refuse = (name: string): never => {
    const problem = carries.has(name) ? "it was never loaded" : "the step carries no such tensor";
    throw oalError("OAL-R111", { name, problem });
  };
  return {
    load: async (given) => {
      for (const [name, tensor] of given) state.set(carries.has(name) ? name : refuse(name), tensor);
    },
    step: async (feeds) => {
      const results = await session.run({ ...feeds, ...Object.fromEntries(state) });
      for (const [name, next] of nextOf) {
        const tensor = results[next];
        if (tensor) state.set(name, tensor);
      }
      return Object.fromEntries(Object.entries(results).filter(([name]) => !following.has(name)));
    },
    read: async (wanted = names) =>
      new Map(wanted.map((name): [string, Tensor] => [name, state.get(name) ?? refuse(name)])),
    release: async () => {
      state.clear();
      await session.release();
    },
  };
}
