/** Outlier embeddings and pooled outlier latents: a row for each image, drawn anew in every step. */
import { join } from "node:path";
import { readSafetensors } from "../../nn/safetensors.js";
import { latentsFile } from "../../outliers/sources/latents.js";
import { pooledWidth } from "../../outliers/pooling.js";
import { mutualInformationMethod } from "../../training/methods/mutualInformation.js";
import { rowsInPairs, type LabelledRows, type Pairing } from "../../training/side/rows.js";
import { boundaryFile } from "../stages/boundary.js";
import type { SideSource, StepFacts } from "./source.js";
import { rowsOf } from "./stored.js";

function pairingOf({ seed, batchSize, images, settings }: StepFacts): Pairing {
  const { pairing } = mutualInformationMethod.options(settings);
  return { seed, batchSize, labels: images.labels, pairing };
}

const empty = (width: number): LabelledRows => ({
  width,
  values: new Float32Array(),
  labels: new Int32Array(),
});

/** "outlierEmbeddings" [N, D]. */
export const outlierEmbeddingsSource: SideSource = {
  id: "outlierEmbeddings",
  title: "outlier embeddings at the boundary of the classes",
  provides: ["outlierEmbeddings"],
  stages: () => ["boundary"],
  open: async (request) => {
    const { tensors } = await readSafetensors(join(request.folders["boundary"] ?? "", boundaryFile));
    return [rowsInPairs("outlierEmbeddings", rowsOf(tensors, "embeddings"), pairingOf(request))];
  },
  outline: (facts, { outlierWidth }) => [
    rowsInPairs("outlierEmbeddings", empty(outlierWidth), pairingOf(facts)),
  ],
};

/** "outlierLatents" [N, P]. */
export const outlierLatentsSource: SideSource = {
  id: "outlierLatents",
  title: "pooled outlier latents",
  provides: ["outlierLatents"],
  stages: () => ["latents"],
  open: async (request) => {
    const { tensors } = await readSafetensors(join(request.folders["latents"] ?? "", latentsFile));
    return [rowsInPairs("outlierLatents", rowsOf(tensors, "pooled"), pairingOf(request))];
  },
  outline: (facts, { latentShape }) => {
    const { latentPooling } = mutualInformationMethod.options(facts.settings);
    const width = pooledWidth(latentShape, latentPooling);
    return [rowsInPairs("outlierLatents", empty(width), pairingOf(facts))];
  },
};
