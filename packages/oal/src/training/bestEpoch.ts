/** The weights of the epoch that did best on validation images, kept in place of the last ones. */
import { float32Data, float32Tensor, type Tensor } from "oal-core";
import { withPrefix, parametersUnder, type ParameterStore } from "../nn/parameters.js";
import type { TrainingStep } from "./step.js";

/** How the kept weights are chosen. */
export interface Selection {
  /** Steps of an epoch; weights are measured behind each, and behind the last step. */
  readonly every: number;
  /**
   * How good weights are; more is better. A whole number below 2^24 (images that are right), so that checkpoints hold it exactly.
   */
  score(parameters: ParameterStore): Promise<number>;
}

/** The best weights so far. */
export interface BestEpoch {
  readonly parameters: ParameterStore;
  /** Finished steps when they were measured. */
  readonly step: number;
  readonly score: number;
  /** Of the weights that were measured last. */
  readonly lastScore: number;
}

const prefix = "best";
const figuresName = `${prefix}/figures`;
/** Tensors of the kept weights lie below this name, none of which is a network's. */
const keptPrefix = `${prefix}/kept`;

/** Whether weights are measured behind so many finished steps. */
export function isMeasured({ every }: Pick<Selection, "every">, done: number, total: number): boolean {
  return done % every === 0 || done === total;
}

/**
 * The best weights after another measurement; of equally good ones the later.
 *
 * @param step finished steps
 * @param parameters may be overwritten afterwards: what is kept of them is copied
 */
export async function measured(
  selection: Selection,
  best: BestEpoch | undefined,
  step: number,
  parameters: ParameterStore,
): Promise<BestEpoch> {
  const score = await selection.score(parameters);
  if (best && score < best.score) return { ...best, lastScore: score };
  const copies = [...parameters].map(([name, { shape, data }]): [string, Tensor] => [
    name,
    float32Tensor(shape, Float32Array.from(data, Number)),
  ]);
  return { parameters: new Map(copies), step, score, lastScore: score };
}

/** The state of a training with its best weights, as a checkpoint holds it. */
export function withBest(state: ParameterStore, best: BestEpoch | undefined): ParameterStore {
  if (!best) return state;
  const { step, score, lastScore } = best;
  return new Map([
    ...state,
    ...withPrefix(best.parameters, keptPrefix),
    [figuresName, float32Tensor([3], [step, score, lastScore])],
  ]);
}

/** A checkpoint's tensors taken apart. */
export function bestIn(
  tensors: ParameterStore,
  { stateNames }: Pick<TrainingStep, "stateNames">,
): { readonly state: ParameterStore; readonly best: BestEpoch | undefined } {
  const own = new Set(stateNames);
  const state = new Map([...tensors].filter(([name]) => own.has(name)));
  const figures = tensors.get(figuresName);
  if (!figures) return { state, best: undefined };
  const [step = 0, score = 0, lastScore = 0] = float32Data(figures);
  return { state, best: { parameters: parametersUnder(tensors, keptPrefix), step, score, lastScore } };
}
