/**
 * What is trained: a loss as a function of graph values, and the batches it is fed. The trainer knows nothing else of
 * networks, data or methods.
 */
import type { Tensor, TensorType, Value } from "oal-core";
import type { ParameterStore } from "../nn/parameters.js";
import type { TrainingContext } from "../nn/context.js";
import type { Selection } from "./bestEpoch.js";

/** A loss and its parts. Every part is logged under its name. */
export interface LossTerms {
  /** float32 scalar that the optimiser descends. */
  readonly total: Value;
  /** float32 scalars by name, as they stand (before weighting). */
  readonly terms: Readonly<Record<string, Value>>;
}

/** A training problem. Everything in it is a function of its options and the seed. */
export interface TrainingTask {
  /** Types of the batch tensors, by name. */
  readonly inputs: Readonly<Record<string, TensorType>>;
  /** Builds the loss; parameters are declared through the context. */
  build(context: TrainingContext, inputs: Readonly<Record<string, Value>>): LossTerms;
  /** The batch of a step: the same for the same step, whatever happened before. */
  batch(step: number): Record<string, Tensor>;
  /** Tensors that replace freshly drawn ones (a pretrained part, a frozen filter). */
  readonly initial?: ParameterStore;
  /** The step that ends every epoch, where that is smaller than the others. `batch` gives its batches too. */
  readonly rest?: RestTask;
  /** Chooses among the weights of its epochs; absent: the last ones are the result. */
  readonly selection?: Selection;
  /** Called once when training ends or stops. */
  close?(): void;
}

/** The same problem with fewer images per step. */
export interface RestTask extends Omit<TrainingTask, "rest" | "selection"> {
  /** Steps per epoch; the last of them is this one. */
  readonly every: number;
}

/** Whether a step, counted from 0, is the smaller one that ends an epoch. */
export function isRest({ rest }: Pick<TrainingTask, "rest">, step: number): boolean {
  return rest !== undefined && (step + 1) % rest.every === 0;
}

/**
 * One problem of two: whole batches, and the smaller one that ends every epoch.
 *
 * @param every steps per epoch
 */
export function withRest(whole: TrainingTask, last: TrainingTask, every: number): TrainingTask {
  const task = { ...whole, rest: { ...last, every } };
  return {
    ...task,
    batch: (step) => (isRest(task, step) ? last.batch(step) : whole.batch(step)),
    close: () => {
      whole.close?.();
      last.close?.();
    },
  };
}
