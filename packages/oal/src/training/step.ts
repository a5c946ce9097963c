/**
 * One training step as one graph: forward, backward, optimiser. In: parameters, optimiser state, running statistics,
 * batch, scalars. Out: the new ones under "next/…" and one small vector of loss terms.
 */
import {
  concat,
  Graph,
  gradients,
  mul,
  oalError,
  suggest,
  reshape,
  type GradientRules,
  type Tensor,
  float32Tensor,
  sizeOf,
  type Value,
} from "oal-core";
import { TrainingContext } from "../nn/context.js";
import { clipByGlobalNorm, movingAverage } from "../nn/optimisers/clipping.js";
import { optimisers } from "../nn/optimisers/index.js";
import type { Optimiser } from "../nn/optimisers/optimiser.js";
import { initializeParameters, type ParameterSpec, type ParameterStore } from "../nn/parameters.js";
import type { OptimizerOptions, TrainingOptions } from "./options.js";
import type { TrainingTask } from "./task.js";

/** A training step ready to be compiled. */
export interface TrainingStep {
  readonly graph: Graph;
  /** Names of the loss terms, in the order of the output "terms"; the first is "total". */
  readonly termNames: readonly string[];
  readonly specs: readonly ParameterSpec[];
  /** Names of everything carried from step to step: parameters, buffers, optimiser state, averages. */
  readonly stateNames: readonly string[];
  /** First values of all of it. Throws OAL-I111 for a start tensor of the task that is of another size, or of no name here. */
  initialState(seed: number): ParameterStore;
}

const nextPrefix = "next/";
const averagePrefix = "average/";

/** Name of the output that holds the new value of a state tensor. */
export function nextName(name: string): string {
  return nextPrefix + name;
}

/**
 * Builds the step graph of a task.
 *
 * @param rules other gradient rules for some operators, to compare formulations. Default none
 */
export function buildTrainingStep(
  task: Pick<TrainingTask, "inputs" | "build" | "initial">,
  options: TrainingOptions,
  rules?: GradientRules,
): TrainingStep {
  const graph = new Graph();
  const inputs: Record<string, Value> = {};
  for (const [name, type] of Object.entries(task.inputs)) inputs[name] = graph.input(`batch/${name}`, type);
  const context = new TrainingContext(graph);
  const { total, terms } = task.build(context, inputs);
  const trained = context.specs.filter((spec) => spec.kind === "parameter");
  const parameters = trained.map((spec) => context.values(spec.name));
  let slopes = gradients(total, parameters, rules);
  if (options.clipNorm !== undefined) slopes = clipByGlobalNorm(slopes, options.clipNorm).clipped;

  const learningRate = graph.input("learningRate", { dtype: "float32", shape: [] });
  const optimizer = optimiserOf(options.optimizer);
  const own = Object.fromEntries(
    optimizer.scalarNames.map((name) => [
      name,
      graph.input(`scalar/${name}`, { dtype: "float32", shape: [] }),
    ]),
  );
  const stateShapes = new Map<string, readonly number[]>();
  const next = new Map<string, Value>();
  trained.forEach((spec, index) => {
    const parameter = parameters[index];
    const gradient = slopes[index];
    if (!parameter || !gradient) return;
    const state: Record<string, Value> = {};
    for (const kind of optimizer.stateNames) {
      const name = `optimizer/${kind}/${spec.name}`;
      stateShapes.set(name, spec.shape);
      state[kind] = graph.input(name, { dtype: "float32", shape: spec.shape });
    }
    const rate = spec.rate * groupRate(options, spec.name);
    const updated = graph.scope(`optimizer.${spec.name}`, () =>
      optimizer.update(parameter, gradient, state, {
        learningRate: rate === 1 ? learningRate : mul(learningRate, rate),
        decay: decayOf(options, optimizer, spec, rate),
        own,
      }),
    );
    next.set(spec.name, updated.parameter);
    for (const [kind, value] of Object.entries(updated.state))
      next.set(`optimizer/${kind}/${spec.name}`, value);
    if (options.ema !== undefined) {
      const name = averagePrefix + spec.name;
      stateShapes.set(name, spec.shape);
      next.set(
        name,
        movingAverage(
          graph.input(name, { dtype: "float32", shape: spec.shape }),
          updated.parameter,
          options.ema,
        ),
      );
    }
  });
  for (const [name, value] of context.bufferUpdates) next.set(name, value);
  for (const [name, value] of next) graph.output(nextName(name), value);
  const termNames = ["total", ...Object.keys(terms)];
  graph.output(
    "terms",
    concat(
      [total, ...Object.values(terms)].map((value) => reshape(value, [1])),
      0,
    ),
  );
  return {
    graph,
    termNames,
    specs: context.specs,
    stateNames: [...context.specs.map((spec) => spec.name), ...stateShapes.keys()],
    initialState: (seed) => {
      const state = initializeParameters(context.specs, seed);
      for (const [name, tensor] of task.initial ?? []) {
        const spec = context.specs.find((candidate) => candidate.name === name);
        if (spec && sizeOf(spec.shape) === tensor.data.length) {
          state.set(name, tensor);
          continue;
        }
        const near = suggest(
          name,
          context.specs.map((candidate) => candidate.name),
        );
        throw oalError("OAL-I111", {
          name,
          problem: spec
            ? `has ${tensor.data.length} elements, the network wants [${spec.shape.join(", ")}]`
            : `the network has no such tensor${near === undefined ? "" : `, did you mean "${near}"?`}`,
        });
      }
      for (const [name, shape] of stateShapes) state.set(name, startOf(name, shape, state));
      return state;
    },
  };
}

/** The averaged parameters (and the buffers) when averaging is on, else the parameters themselves. */
export function resultOf(step: TrainingStep, state: ReadonlyMap<string, Tensor>): ParameterStore {
  const result: ParameterStore = new Map();
  for (const spec of step.specs) {
    const tensor = state.get(averagePrefix + spec.name) ?? state.get(spec.name);
    if (tensor) result.set(spec.name, tensor);
  }
  return result;
}

function startOf(name: string, shape: readonly number[], state: ParameterStore): Tensor {
  const averaged = name.startsWith(averagePrefix) ? state.get(name.slice(averagePrefix.length)) : undefined;
  return averaged ?? float32Tensor(shape, new Float32Array(sizeOf(shape)));
}

function groupRate(options: TrainingOptions, name: string): number {
  for (const [prefix, rate] of Object.entries(options.groupRates ?? {}))
    if (name.startsWith(prefix)) return rate;
  return 1;
}

function decayOf(
  { optimizer: { weightDecay = 0 }, decayOn = "usual" }: TrainingOptions,
  optimizer: Optimiser,
  spec: ParameterSpec,
  rate: number,
): number {
  if (decayOn === "all") return weightDecay;
  if (!spec.decay || (decayOn === "weights" && spec.shape.length < 2)) return 0;
  return optimizer.dividesDecay && rate > 1 ? weightDecay / rate : weightDecay;
}

/** The optimiser of a training. @throws OAL-C204 for one that does not exist, OAL-C208 for an option that it does not have */
export function optimiserOf({ id, weightDecay: _weightDecay, ...options }: OptimizerOptions): Optimiser {
  return optimisers.find(id).make(options);
}
