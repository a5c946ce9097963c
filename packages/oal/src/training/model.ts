/** A trained classifier as a model: pixels in, logits and penultimate features out; weights are constants of the graph. */
import { Graph, normaliseImages, type Normalisation } from "oal-core";
import { EvaluationContext } from "../nn/context.js";
import { networks } from "../nn/networks/index.js";
import type { ParameterStore } from "../nn/parameters.js";
import type { NetworkChoice } from "./classifier.js";

/** What a classifier model is made of. */
export interface ClassifierModel {
  readonly network: NetworkChoice;
  /** Parameters and buffers under the network's own names. */
  readonly parameters: ParameterStore;
  readonly normalisation: Normalisation;
}

/**
 * The evaluation graph: input "images" uint8 [batch, 3, S, S]; outputs "logits" [batch, C] and "features" [batch, F].
 *
 * @param batch images per run
 */
export function classifierGraph(
  { network, parameters, normalisation }: ClassifierModel,
  batch: number,
): Graph {
  const graph = new Graph();
  const { imageSize } = network.options;
  const images = graph.input("images", { dtype: "uint8", shape: [batch, 3, imageSize, imageSize] });
  const context = new EvaluationContext(graph, parameters);
  const outputs = networks
    .find(network.id)
    .build(context, normaliseImages(images, normalisation), network.options);
  graph.output("logits", outputs.logits);
  graph.output("features", outputs.features);
  return graph;
}
