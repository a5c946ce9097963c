/** Outlier embeddings and pooled outlier latents: a row for each image, drawn anew in every step. */
import { join } from "node:path";
import { memoryRows } from "oal-core";
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
  rows: memoryRows(new Float32Array(), width),
  labels: new Int32Array(),
});

/** "outlierEmbeddings" [N, D]. */
export const outlierEmbeddingsSource: SideSource = {
  id: "outlierEmbeddings",
  title: "outlier embeddings at the boundary of the classes",
  provides: ["outlierEmbeddings"],
  stages: () => ["boundary"],
  open: async (request) => {
    const path = join(request.folders["boundary"] ?? "", boundaryFile);
    return [rowsInPairs("outlierEmbeddings", await rowsOf(path, "embeddings"), pairingOf(request))];
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
    const path = join(request.folders["latents"] ?? "", latentsFile);
    return [rowsInPairs("outlierLatents", await rowsOf(path, "pooled"), pairingOf(request))];
  },
  outline: (facts, { latentShape }) => {
    const { latentPooling } = mutualInformationMethod.options(facts.settings);
    const width = pooledWidth(latentShape, latentPooling);
    return [rowsInPairs("outlierLatents", empty(width), pairingOf(facts))];
  },
};
