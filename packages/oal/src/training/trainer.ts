/**
 * The training loop: one engine call a step, checkpoints by time, loss events, a stop when a term is not finite.
 * Runs wherever it is called; pipeline/trainingWorker.ts puts it into a worker thread so that the main thread stays alive.
 */
import { float32Data, float32Tensor, oalError, type Engine, type Tensor } from "oal-core";
import type { ParameterStore } from "../nn/parameters.js";
import { bestIn, isMeasured, measured, withBest, type BestEpoch } from "./bestEpoch.js";
import { readCheckpoint, writeCheckpoint, type Checkpoint } from "./checkpoint.js";
import { computedBy, withEngine, type ComputedBy } from "./computedBy.js";
import { trainingIdentity } from "./identity.js";
import type { TrainingOptions } from "./options.js";
import { scheduleOf } from "./rates.js";
import { buildTrainingStep, optimiserOf, resultOf, type TrainingStep } from "./step.js";
import { Steppers } from "./steppers.js";
import type { TrainingTask } from "./task.js";

/** What the loop tells while it runs. */
export interface TrainingEvent {
  /** "resumed" comes first, when a checkpoint is gone on from. */
  readonly kind: "progress" | "loss" | "resumed";
  /** Finished steps. */
  readonly step: number;
  readonly total: number;
  readonly terms?: Readonly<Record<string, number>>;
  readonly learningRate?: number;
  /** Of "resumed": what computed the steps until then; none where the checkpoint does not say. */
  readonly engines?: readonly ComputedBy[];
}

/** How a training ended. */
export interface TrainingOutcome {
  /** Parameters and buffers; averaged when averaging is on. Those of the best epoch where the task chooses among them. */
  readonly parameters: ParameterStore;
  /** False when it was stopped before the last step; a checkpoint then holds the state. */
  readonly finished: boolean;
  /** Where the task chooses among its epochs: which `parameters` are, and how good those of the last step were. */
  readonly kept?: Pick<BestEpoch, "step" | "score" | "lastScore">;
  /** What computed its steps, in the order in which they came: several where it was interrupted and went on elsewhere. */
  readonly engines: readonly ComputedBy[];
}

/**
 * Trains a task to its last step, from the newest checkpoint if there is one. The result depends on the task, the
 * options and the seed only, not on how often it was interrupted; its last digits depend on the engine, and on those before it where it
 * goes on from what another one computed.
 *
 * @param engine keeps the state and computes the steps
 * @param shouldStop asked after every step; true writes a checkpoint and returns
 * @throws OAL-T130 when the checkpoint is of another training; OAL-T101 when a loss term, or a parameter about to be kept, is NaN or infinite; the last good checkpoint stays
 */
export async function train(
  engine: Engine,
  task: TrainingTask,
  options: TrainingOptions,
  onEvent: (event: TrainingEvent) => void = () => undefined,
  shouldStop: () => boolean = () => false,
): Promise<TrainingOutcome> {
  try {
    const step = buildTrainingStep(task, options);
    // Before anything is prepared: whoever has a checkpoint of another training need not wait to be told.
    const start = await startOf(step, task, options);
    const stepper = await Steppers.make(engine, task, step, options);
    try {
      const engines = withEngine(start.found?.engines ?? [], computedBy(engine.facts));
      return await steps(stepper, step, { ...start, engines }, task, options, onEvent, shouldStop);
    } finally {
      await stepper.release();
    }
  } finally {
    task.close?.();
  }
}

/** Where a training begins: at a checkpoint, or at its first step. */
interface Start {
  readonly identity: string;
  readonly found: Checkpoint | null;
}

async function startOf(step: TrainingStep, task: TrainingTask, options: TrainingOptions): Promise<Start> {
  const folder = options.checkpointFolder;
  if (folder === undefined) return { identity: "", found: null };
  const identity = trainingIdentity(step, task, options);
  return { identity, found: await readCheckpoint(folder, identity) };
}

async function steps(
  stepper: Steppers,
  step: TrainingStep,
  { identity, found, engines }: Start & Pick<TrainingOutcome, "engines">,
  task: TrainingTask,
  options: TrainingOptions,
  onEvent: (event: TrainingEvent) => void,
  shouldStop: () => boolean,
): Promise<TrainingOutcome> {
  const folder = options.checkpointFolder;
  const begun = found && bestIn(found.state, step);
  await stepper.load(begun?.state ?? step.initialState(options.seed));
  let best = begun?.best;
  let done = found?.step ?? 0;
  if (found) onEvent({ kind: "resumed", step: done, total: options.steps, engines: found.engines });
  const schedule = scheduleOf(options.schedule, options.steps);
  const optimiser = optimiserOf(options.optimizer);
  const scalarsAt = (at: number): Record<string, number> => {
    const { factor, momentum } = schedule(at);
    const own = Object.entries(optimiser.scalarsAt(at, momentum)).map(([name, value]) => [
      `scalar/${name}`,
      value,
    ]);
    return { learningRate: options.schedule.rate * factor, ...Object.fromEntries(own) };
  };
  const carried = new Set(step.stateNames);
  const fed = step.graph.inputs.map(({ name }) => name).filter((name) => !carried.has(name));
  const logEvery = options.logEvery ?? Math.max(1, Math.floor(options.steps / 200));
  const interval = (options.checkpointSeconds ?? Infinity) * 1000;
  let lastCheckpoint = performance.now();
  while (done < options.steps) {
    const results = await stepper.step(done, feedsOf(fed, task.batch(done), scalarsAt(done)));
    const terms = named(step.termNames, results["terms"]);
    assertFiniteTerms(terms, options.name, done);
    done += 1;
    if (done % logEvery === 0 || done === options.steps) {
      onEvent({
        kind: "loss",
        step: done,
        total: options.steps,
        terms,
        learningRate: options.schedule.rate * schedule(done - 1).factor,
      });
    }
    onEvent({ kind: "progress", step: done, total: options.steps });
    if (task.selection && isMeasured(task.selection, done, options.steps)) {
      const now = resultOf(step, await finiteState(stepper, options.name, done));
      best = await measured(task.selection, best, done, now);
    }
    const stopping = done < options.steps && shouldStop();
    const due = folder !== undefined && (stopping || performance.now() - lastCheckpoint >= interval);
    if (due) {
      const state = await finiteState(stepper, options.name, done);
      await writeCheckpoint(folder, done, withBest(state, best), identity, engines);
      lastCheckpoint = performance.now();
    }
    if (stopping) return { parameters: resultOf(step, await stepper.read()), finished: false, engines };
    // The engine holds the thread during a step; this lets messages in between two.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (!best) {
    const parameters = resultOf(step, await finiteState(stepper, options.name, done));
    return { parameters, finished: true, engines };
  }
  const { parameters, ...kept } = best;
  return { parameters, finished: true, kept, engines };
}

function feedsOf(
  names: readonly string[],
  batch: Readonly<Record<string, Tensor>>,
  scalars: Readonly<Record<string, number>>,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const name of names) {
    const scalar = scalars[name];
    const tensor = scalar !== undefined ? float32Tensor([], [scalar]) : batch[name.replace(/^batch\//, "")];
    if (!tensor) throw oalError("OAL-R102", { input: name, problem: "not fed" });
    feeds[name] = tensor;
  }
  return feeds;
}

/** Names the term to blame: the total only when every part of it is finite (weights can overflow). */
function assertFiniteTerms(terms: Readonly<Record<string, number>>, stage: string, step: number): void {
  const { total = 0, ...parts } = terms;
  for (const [term, value] of Object.entries({ ...parts, total })) {
    if (!Number.isFinite(value)) throw oalError("OAL-T101", { stage, step, term, value });
  }
}

/** The state. An update can spoil it after a step whose loss was still finite; such a state is never kept. */
async function finiteState(stepper: Steppers, stage: string, step: number): Promise<ParameterStore> {
  const state = await stepper.read();
  for (const [term, { data }] of state) {
    if (!(data instanceof Float32Array)) continue;
    const value = data.find((each) => !Number.isFinite(each));
    if (value !== undefined) throw oalError("OAL-T101", { stage, step, term, value });
  }
  return state;
}

function named(names: readonly string[], terms: Tensor | undefined): Record<string, number> {
  const values = terms ? float32Data(terms, "terms") : new Float32Array();
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? Number.NaN]));
}
