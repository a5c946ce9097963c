/** Files in training form: batch normalisation by the statistics of the batch. A classifier normalises by those that the file keeps. */
import { BatchNormalization } from "../graph/ops/batchNormalization.js";
import { BatchNormalizationTraining } from "../graph/ops/batchNormalizationTraining.js";
import type { InlineOptions } from "../graph/inline.js";
import type { Graph } from "../graph/value.js";

/** Whether answers of a graph depend on the other pictures of their batch. */
export function isTrainingForm({ nodes }: Graph): boolean {
  return nodes.some(({ operator }) => operator === BatchNormalizationTraining);
}

/** A batch normalisation in training form, with the kept statistics instead; null for any other node. */
export const inferenceForm: NonNullable<InlineOptions["build"]> = (node, inputs, names) => {
  const [x, scale, bias, mean, variance] = inputs;
  if (node.operator !== BatchNormalizationTraining || !x || !mean || !variance) return null;
  // momentum stays: whoever trains the network moves its statistics by it
  const { training_mode: _training, ...kept } = node.attributes;
  const all = [x, scale ?? null, bias ?? null, mean, variance];
  return [...x.graph.node(BatchNormalization, all, kept, names.slice(0, 1)), mean, variance];
};
