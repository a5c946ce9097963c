/** A trained classifier as a model: pixels in, logits and penultimate features out; weights are constants of the graph. */
import { type Classifier, Graph, normaliseImages, type Normalisation } from "oal-core";
import { EvaluationContext } from "../nn/context.js";
import type { ParameterStore } from "../nn/parameters.js";
import { buildForInference, type NetworkChoice } from "./network.js";

/** What a classifier model is made of. */
export interface ClassifierModel {
  readonly network: NetworkChoice;
  /** Parameters and buffers under the network's own names. */
  readonly parameters: ParameterStore;
  readonly normalisation: Normalisation;
}

/**
 * The classifier: images uint8 [batch, 3, S, S] in, normalised inside. No outputs are marked.
 *
 * @param batch images per run; a name leaves their number open
 */
export function buildClassifier(
  { network, parameters, normalisation }: ClassifierModel,
  batch: number | string,
): Classifier {
  const graph = new Graph();
  const { imageSize } = network.options;
  const images = graph.input("images", { dtype: "uint8", shape: [batch, 3, imageSize, imageSize] });
  const context = new EvaluationContext(graph, parameters);
  const input = normaliseImages(images, normalisation);
  const { maps = new Map(), ...outputs } = buildForInference(context, input, network);
  return { graph, taps: { images, input, ...outputs, maps } };
}
