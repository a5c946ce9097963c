/** A model folder as a run leaves it for `oal score`, made in no time: a small network with its first, drawn weights. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decisionToJson, Graph, makeDecision } from "oal-core";
import { TrainingContext } from "../../packages/oal/src/nn/context.js";
import { networks } from "../../packages/oal/src/nn/networks/index.js";
import { initializeParameters, withPrefix } from "../../packages/oal/src/nn/parameters.js";
import { writeSafetensors } from "../../packages/oal/src/nn/safetensors.js";
import { saveClassifier } from "../../packages/oal/src/pipeline/stages/classifierArtifact.js";
import { evaluationFiles } from "../../packages/oal/src/pipeline/stages/evaluationArtifact.js";
import { networkPrefix } from "../../packages/oal/src/training/loss.js";

const size = 16;

/**
 * Makes the folder.
 *
 * @param folder absent or empty
 * @param classNames two or more
 */
export async function untrainedModel(folder: string, classNames: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const network = {
    id: "resnetSmall",
    options: { classes: classNames.length, imageSize: size, width: 4 },
  };
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const images = graph.input("images", { dtype: "float32", shape: [1, 3, size, size] });
  networks.find(network.id).build(context, images, network.options);
  const parameters = withPrefix(initializeParameters(context.specs, 0), networkPrefix);
  const normalisation = {
    mean: [0.5, 0.5, 0.5] as const,
    std: [0.25, 0.25, 0.25] as const,
  };
  await saveClassifier(folder, parameters, { network, normalisation, classNames });
  const decision = decisionToJson(makeDecision([0], { detector: "msp" }));
  const stored = { default: "msp", size, detectors: { msp: { parameters: {}, decision } } };
  writeFileSync(join(folder, evaluationFiles.detector), JSON.stringify(stored));
  await writeSafetensors(join(folder, evaluationFiles.fitted), new Map());
}
