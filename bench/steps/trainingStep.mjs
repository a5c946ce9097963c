// Training steps as contestants: the product's own task and step graph through the engine, and what the same step in PyTorch needs.
import { makeEngine, cpuEngine } from "../../packages/oal/dist/runtime/engines/index.js";
import { optimiserOf, buildTrainingStep, nextName } from "../../packages/oal/dist/training/step.js";
import { writeArrays } from "../harness/arrays.mjs";

/**
 * Options of a training of a few steps.
 *
 * @param rate small, so that the losses of the first steps stay comparable
 */
export function trainingOptions(optimizer, rate, more = {}) {
  return {
    name: "bench",
    seed: 0,
    steps: 10,
    optimizer,
    schedule: { id: "constant", rate, warmup: 0 },
    ...more,
  };
}

/** The engine that the settings name; `plain` keeps the CPU from rearranging the graph. */
export async function engineOf({ device = "cpu", threads, plain = false }) {
  if (plain) return cpuEngine({ threads, blocked: false });
  return makeEngine({ device, threads });
}

/**
 * Our contestant: every call is one step, with the state carried on.
 *
 * @param task a training task; its batch 0 is fed at every step
 */
export async function ourStep(task, training, settings) {
  const engine = await engineOf(settings);
  const step = buildTrainingStep(task, training);
  const carried = step.stateNames.map((name) =>
    step.graph.outputs.has(nextName(name)) ? { name, next: nextName(name) } : { name },
  );
  const stepper = await engine.stepper(step.graph, carried);
  await stepper.load(step.initialState(training.seed));
  const batch = task.batch(0);
  const optimiser = optimiserOf(training.optimizer);
  const { rate: learningRate } = training.schedule;
  const carries = new Set(step.stateNames);
  const fed = step.graph.inputs.map(({ name }) => name).filter((name) => !carries.has(name));
  let done = 0;
  const scalar = (value) => ({ dtype: "float32", shape: [], data: Float32Array.of(value) });
  const one = async () => {
    const scalars = optimiser.scalarsAt(done++);
    const feeds = Object.fromEntries(
      fed.map((name) => {
        if (name.startsWith("batch/")) return [name, batch[name.slice(6)]];
        return [name, scalar(name === "learningRate" ? learningRate : scalars[name.slice(7)])];
      }),
    );
    const { terms } = await stepper.step(feeds);
    return terms.data[0];
  };
  return {
    facts: { "ONNX Runtime": engine.facts.version },
    step: one,
    // the second loss is behind one update: it says that gradients and optimiser agree too
    check: async () => [await one(), await one()],
    close: () => stepper.release(),
  };
}

/** Writes the start values, the batch and how each parameter is trained, for the contestants in Python. */
export function shareStep(task, training, folder) {
  const step = buildTrainingStep(task, training);
  const state = step.initialState(training.seed);
  const arrays = {};
  for (const { name } of step.specs) arrays[`state/${name}`] = state.get(name);
  for (const [name, tensor] of Object.entries(task.batch(0))) arrays[`batch/${name}`] = tensor;
  const optimiser = optimiserOf(training.optimizer);
  const { weightDecay = 0, ...optimizer } = training.optimizer;
  const parameters = step.specs
    .filter(({ kind }) => kind === "parameter")
    .map(({ name, rate, decay }) => ({
      name,
      rate: rate * training.schedule.rate,
      decay: !decay ? 0 : optimiser.dividesDecay && rate > 1 ? weightDecay / rate : weightDecay,
    }));
  const { clipNorm = null, ema = null } = training;
  writeArrays(folder, arrays, { parameters, optimizer, clipNorm, ema });
}

/**
 * Everything about a case that is the same for every training step: ours as training runs it and in the plain layout, PyTorch in both.
 *
 * @param taskOf makes the task from the case's settings
 * @param python the module in peers/ that has the same step
 */
export function stepContestants(taskOf, training, python) {
  return {
    unit: "ms a step",
    tolerance: 1e-3,
    prepare: async (settings, folder) => shareStep(taskOf(settings), training, folder),
    contestants: {
      oal: { make: async (settings) => ourStep(taskOf(settings), training, settings) },
      "oal plain": {
        variant: true,
        make: async (settings) => ourStep(taskOf(settings), training, { ...settings, plain: true }),
      },
      "PyTorch NCHW": { needs: "torch", python, variant: true, settings: { channelsLast: false } },
      "PyTorch channels-last": { needs: "torch", python, settings: { channelsLast: true } },
    },
  };
}
