/** Outlier embeddings and pooled outlier latents: a row for each image, drawn anew in every step. */
import { join } from "node:path";
import { memoryRows } from "oal-core";
import { openSafetensorsRows } from "../../nn/safetensorsRows.js";
import { boundarySchema, noiseScale } from "../../outliers/boundary/options.js";
import { latentsFile } from "../../outliers/sources/latents.js";
import { pooledWidth } from "../../outliers/pooling.js";
import type { MethodSettings } from "../../training/methods/method.js";
import { mutualInformationMethod } from "../../training/methods/mutualInformation.js";
import {
  rowsAroundOwn,
  rowsInPairs,
  type LabelledRows,
  type OwnNoise,
  type Pairing,
} from "../../training/side/rows.js";
import { boundaryFile } from "../stages/boundary.js";
import { embeddingsFile } from "../stages/embeddings.js";
import type { SideSource, StepFacts } from "./source.js";
import { rowsOf } from "./stored.js";

/** The section of the configuration that the noise is taken from. */
const boundarySection = "boundary";
const mutualSection = "mi";

/** Whether the embeddings are made of the images' own; there are no latents of these, so that latents are of the class then. */
function isOfInstance({ settings }: Pick<StepFacts, "settings">): boolean {
  return mutualInformationMethod.options(settings).pairing === "instance";
}

/** The section that says how outliers are drawn, where it says something else than usual: recipes without its method read it too. */
function drawnBy(
  settings: MethodSettings,
  keys: readonly ("pairing" | "latentPooling")[],
): readonly string[] {
  const [own, usual] = [settings, {}].map((each) => mutualInformationMethod.options(each));
  return keys.some((key) => own?.[key] !== usual?.[key]) ? [mutualSection] : [];
}

function pairingOf({ seed, batchSize, images, settings }: StepFacts): Pairing {
  const { pairing } = mutualInformationMethod.options(settings);
  return { seed, batchSize, labels: images.labels, pairing: pairing === "random" ? "random" : "class" };
}

/** The noise of boundary sampling around rows of such a width. */
function ownNoiseOf({ seed, batchSize, settings }: StepFacts, width: number): OwnNoise {
  const boundary = boundarySchema.parse(settings[boundarySection] ?? {});
  return { seed, batchSize, sigma: noiseScale(boundary, width), scale: boundary.scale };
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
  stages: (settings) => [isOfInstance({ settings }) ? "embeddings" : "boundary"],
  sections: (settings) => [
    ...drawnBy(settings, ["pairing"]),
    ...(isOfInstance({ settings }) ? [boundarySection] : []),
  ],
  open: async (request) => {
    if (isOfInstance(request)) {
      const path = join(request.folders["embeddings"] ?? "", embeddingsFile);
      const features = openSafetensorsRows(path, "features");
      return [rowsAroundOwn("outlierEmbeddings", features, ownNoiseOf(request, features.width))];
    }
    const path = join(request.folders["boundary"] ?? "", boundaryFile);
    return [rowsInPairs("outlierEmbeddings", await rowsOf(path, "embeddings"), pairingOf(request))];
  },
  outline: (facts, { outlierWidth, featureWidth }) => [
    isOfInstance(facts)
      ? rowsAroundOwn("outlierEmbeddings", empty(featureWidth).rows, ownNoiseOf(facts, featureWidth))
      : rowsInPairs("outlierEmbeddings", empty(outlierWidth), pairingOf(facts)),
  ],
};

/** "outlierLatents" [N, P]. */
export const outlierLatentsSource: SideSource = {
  id: "outlierLatents",
  title: "pooled outlier latents",
  provides: ["outlierLatents"],
  stages: () => ["latents"],
  sections: (settings) => drawnBy(settings, ["pairing", "latentPooling"]),
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
