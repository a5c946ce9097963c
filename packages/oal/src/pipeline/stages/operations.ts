/** What networks cost by arithmetic, for estimates where nothing like it was done on this machine. */
import { countOperations, Graph } from "oal-core";
import type { LoadedModel } from "../../models/load.js";
import { TrainingContext } from "../../nn/context.js";
import { importedNetwork } from "../../nn/imported/index.js";
import { networkOf, type NetworkChoice } from "../../training/network.js";
import { teacherParts } from "./initNetwork.js";

/** A step computes about this many times what the pass of its network does: the pass, and gradients of inputs and of weights. */
export const stepPasses = 3;

/** Floating-point operations of a network on one picture. */
export function passOperations(choice: NetworkChoice): number {
  const graph = new Graph();
  const { imageSize } = choice.options;
  const images = graph.input("images", { dtype: "float32", shape: [1, 3, imageSize, imageSize] });
  const { logits } = networkOf(choice).build(new TrainingContext(graph), images, choice.options);
  graph.output("logits", logits);
  return countOperations(graph).products;
}

/** The same of a model of someone else. */
export function modelOperations(model: LoadedModel): number {
  const imported = importedNetwork(teacherParts(model, null));
  const options = { classes: 1, imageSize: model.preprocessing.crop };
  return passOperations({ id: imported.id, options, imported });
}
