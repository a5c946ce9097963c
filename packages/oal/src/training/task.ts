/**
 * What is trained: a loss as a function of graph values, and the batches it is fed. The trainer knows nothing else of
 * networks, data or methods.
 */
import type { Tensor, TensorType, Value } from "oal-core";
import type { ParameterStore } from "../nn/parameters.js";
import type { TrainingContext } from "../nn/context.js";

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
  /** Called once when training ends or stops. */
  close?(): void;
}
