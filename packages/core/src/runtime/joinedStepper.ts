/** A stepper whose engine carries joined tensors, seen from outside as if every member were carried by itself. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { float32Data, float32Tensor, sizeOf, type Tensor } from "../graph/tensor.js";
import type { JoinedTensor } from "../rewrite/joinedUpdates.js";
import type { Stepper } from "./engine.js";

const aStepper = kinds.fields({
  load: kinds.callback,
  step: kinds.callback,
  read: kinds.callback,
  release: kinds.callback,
});
const joinedTensors = kinds.listOf(kinds.fields({ name: kinds.text, members: kinds.listOf(kinds.record) }));

/**
 * Puts members together when state is loaded and takes them apart when it is read.
 *
 * @param stepper of the joined step (`joinUpdates`); released with this one
 * @param joined what it carries in the place of several tensors
 * @param names everything carried before tensors were joined
 * @example const { graph: step, carried: tensors, joined } = joinUpdates(graph, carried);
 *   const stepper = joinedStepper(await engine.stepper(step, tensors), joined, carried.map(({ name }) => name));
 */
export function joinedStepper(
  stepper: Stepper,
  joined: readonly JoinedTensor[],
  names: readonly string[],
): Stepper {
  expectArguments("joinedStepper", {
    stepper: [stepper, aStepper],
    joined: [joined, joinedTensors],
    names: [names, kinds.listOf(kinds.text)],
  });
  const homes = new Map(
    joined.flatMap((tensor) => tensor.members.map((member) => [member.name, { tensor, member }] as const)),
  );
  const loaded = new Set<string>();
  /** Members that were given before the others of their tensor. */
  const waiting = new Map<string, Tensor>();

  /** A joined tensor of the members that wait, and where some do not of what it holds. */
  async function wholeOf({ name, size, members }: JoinedTensor): Promise<Tensor> {
    const isNew = members.every((member) => waiting.has(member.name));
    const before = isNew ? undefined : (await stepper.read([name])).get(name);
    const whole = before ? Float32Array.from(float32Data(before)) : new Float32Array(size);
    for (const member of members) {
      const given = waiting.get(member.name);
      if (given) whole.set(float32Data(given), member.offset);
    }
    return float32Tensor([size], whole);
  }

  return {
    load: async (given) => {
      // At once: a device prepares a model for every load.
      const ready = new Map<string, Tensor>();
      for (const [name, tensor] of given) {
        const home = homes.get(name);
        if (home) waiting.set(name, fitting(name, tensor, home.member.shape));
        else ready.set(name, tensor);
      }
      const complete = joined.filter(
        ({ members }) =>
          members.every(({ name }) => waiting.has(name) || loaded.has(name)) &&
          members.some(({ name }) => waiting.has(name)),
      );
      for (const tensor of complete) ready.set(tensor.name, await wholeOf(tensor));
      if (ready.size > 0) await stepper.load(ready);
      for (const { name } of complete.flatMap(({ members }) => members)) {
        waiting.delete(name);
        loaded.add(name);
      }
    },
    step: async (feeds) => {
      for (const name of homes.keys())
        if (!loaded.has(name)) throw oalError("OAL-R102", { input: name, problem: "not fed" });
      return stepper.step(feeds);
    },
    read: async (wanted = names) => {
      const kept = wanted.filter((name) => !waiting.has(name));
      for (const name of kept)
        if (homes.has(name) && !loaded.has(name))
          throw oalError("OAL-R111", { name, problem: "it was never loaded" });
      const found = await stepper.read([
        ...new Set(kept.map((name) => homes.get(name)?.tensor.name ?? name)),
      ]);
      const tensorOf = (name: string): Tensor | undefined => {
        const home = homes.get(name);
        if (!home) return found.get(name);
        const { offset, shape } = home.member;
        const whole = found.get(home.tensor.name);
        return whole && float32Tensor(shape, float32Data(whole).slice(offset, offset + sizeOf(shape)));
      };
      const read = new Map<string, Tensor>();
      for (const name of wanted) {
        const tensor = waiting.get(name) ?? tensorOf(name);
        if (tensor) read.set(name, tensor);
      }
      return read;
    },
    release: () => stepper.release(),
  };
}

function fitting(name: string, tensor: Tensor, shape: readonly number[]): Tensor {
  if (tensor.dtype === "float32" && tensor.shape.join() === shape.join()) return tensor;
  const problem = `is ${tensor.dtype}[${tensor.shape.join(", ")}], the step wants float32[${shape.join(", ")}]`;
  throw oalError("OAL-R102", { input: name, problem });
}
