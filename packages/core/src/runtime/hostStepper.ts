/** A stepper over any session: the state is kept in this process and goes through the engine at every step. */
import { expectArguments, kinds } from "../errors/index.js";
import type { Tensor } from "../graph/tensor.js";
import type { CarriedTensor, Stepper } from "./engine.js";
import type { Session } from "./session.js";
import { stepperOver } from "./stepperOver.js";

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
  return stepperOver<Tensor>(
    {
      inputs: session.inputs.map(({ name }) => name),
      outputs: session.outputs.map(({ name }) => name),
      keep: async (tensors) => tensors,
      copy: async (tensors) => new Map(tensors),
      run: async (feeds, state, following) => {
        const kept = new Map<string, Tensor>();
        const rest: Record<string, Tensor> = {};
        const results = await session.run({ ...feeds, ...Object.fromEntries(state) });
        for (const [name, tensor] of Object.entries(results)) {
          if (following.has(name)) kept.set(name, tensor);
          else rest[name] = tensor;
        }
        return { kept, rest };
      },
      drop: () => undefined,
      release: () => session.release(),
    },
    carried,
  );
}
