/**
 * A stepper whose state stays on the device: a step takes a batch there and brings the losses back. The binding leaves outputs on the
 * device and takes them as inputs again, but ends the process when one is read; so tensors go in and come out through a model of copies.
 */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import {
  Graph,
  identity,
  oalError,
  stepperOver,
  writeModel,
  type CarriedTensor,
  type Stepper,
  type Tensor,
} from "oal-core";
import { dtypeOf, fromNative, prepare, runNative, toNative, type NativeSettings } from "./onnxRuntime.js";

/**
 * Prepares a graph whose carried tensors stay where it is computed.
 *
 * @param graph verified
 * @param settings of the device
 * @throws OAL-R101 when the engine refuses it, OAL-R111 for a carried tensor that the graph does not have
 */
export async function deviceStepper(
  graph: Graph,
  carried: readonly CarriedTensor[],
  settings: NativeSettings,
): Promise<Stepper> {
  const following = new Set(carried.map(({ next }) => next));
  const places = [...graph.outputs.keys()].map((name) => [name, following.has(name) ? onDevice : "cpu"]);
  const model = await prepare(writeModel(graph), {
    ...settings,
    preferredOutputLocation: Object.fromEntries(places),
  });
  const { binding, session } = model;
  // A tensor on the device dies with the session that made it, so one of copies lives as long as the last of them.
  const lenders = new Map<OrtTensor, Lender>();
  return stepperOver<OrtTensor>(
    {
      inputs: session.inputNames,
      outputs: session.outputNames,
      keep: async (tensors) => {
        const native = [...tensors].map(([name, tensor]) => [name, toNative(binding, name, tensor)] as const);
        const { copies, copier } = await copied(new Map(native), onDevice, settings);
        const lender: Lender = { session: copier, alive: copies.size };
        for (const copy of copies.values()) lenders.set(copy, lender);
        return copies;
      },
      copy: async (tensors) => {
        const { copies, copier } = await copied(tensors, "cpu", settings);
        await copier.release();
        return new Map([...copies].map(([name, tensor]) => [name, fromNative(name, tensor)]));
      },
      run: async (feeds, state) => {
        const native: Record<string, OrtTensor> = {};
        for (const name of session.inputNames)
          native[name] = state.get(name) ?? toNative(binding, name, feeds[name]);
        const kept = new Map<string, OrtTensor>();
        const rest: Record<string, Tensor> = {};
        for (const [name, value] of Object.entries(await runNative(model, native))) {
          if (following.has(name)) kept.set(name, value);
          else rest[name] = fromNative(name, value);
        }
        return { kept, rest };
      },
      drop: async (tensor) => {
        tensor.dispose();
        const lender = lenders.get(tensor);
        lenders.delete(tensor);
        if (lender && --lender.alive === 0) await lender.session.release();
      },
      release: () => session.release(),
    },
    carried,
  );
}

const onDevice = "gpu-buffer";

/** A session of copies, and how many of them are still read. */
interface Lender {
  readonly session: InferenceSession;
  alive: number;
}

/** Copies of tensors on the device or in this process, under the same names, and the session that made them. */
async function copied(
  tensors: ReadonlyMap<string, OrtTensor>,
  place: typeof onDevice | "cpu",
  settings: NativeSettings,
): Promise<{ readonly copies: ReadonlyMap<string, OrtTensor>; readonly copier: InferenceSession }> {
  const graph = new Graph();
  for (const [name, { type, dims }] of tensors) {
    const tensor = graph.input(name, { dtype: dtypeOf(name, type), shape: [...dims] });
    graph.output(`copy of ${name}`, identity(tensor));
  }
  const model = await prepare(writeModel(graph), { ...settings, preferredOutputLocation: place });
  const results = await runNative(model, Object.fromEntries(tensors));
  const copies = [...tensors.keys()].map((name): [string, OrtTensor] => {
    const copy = results[`copy of ${name}`];
    if (!copy) throw oalError("OAL-X101", { problem: `${name} was not copied` });
    return [name, copy];
  });
  return { copies: new Map(copies), copier: model.session };
}
