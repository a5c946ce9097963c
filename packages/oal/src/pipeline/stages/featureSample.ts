/** A sample of penultimate features per set, kept for the map of a report. */
import { join } from "node:path";
import { float32Tensor, gatherRows, Random, type Tensor } from "oal-core";
import { openImageSet } from "../../data/cachedSet.js";
import { subsetImageSet } from "../../data/imageSet.js";
import type { OutputSet } from "../../evaluation/outputs.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import type { Predictor } from "../../training/predict.js";

/** Images per set. */
const mapImages = 250;

/** Features and labels of the first outliers of a folder of decoded ones. */
export async function sampleOutliers(predictor: Predictor, folder: string): Promise<Map<string, Tensor>> {
  const outliers = openImageSet(folder);
  try {
    const rows = Array.from({ length: Math.min(mapImages, outliers.count) }, (_, i) => i);
    const shown = await predictor.predict(subsetImageSet(outliers, rows));
    return new Map([
      ["outliers", float32Tensor([shown.count, shown.featureWidth], shown.features)],
      ["outliers/labels", float32Tensor([shown.count], new Float32Array(shown.count).fill(-1))],
    ]);
  } finally {
    outliers.close();
  }
}

/** Features and labels of images drawn from every set but the training set; unknown images have the label -1. */
export function sampleSets(outputs: readonly OutputSet[], seed: number): Map<string, Tensor> {
  const sample = new Map<string, Tensor>();
  for (const { name, group, features, labels } of outputs) {
    if (group === "train") continue;
    const rows = Array.from(new Random(seed, "map").permutation(0, labels.length).slice(0, mapImages));
    const known = group === "validation" || group === "test";
    sample.set(name, float32Tensor([rows.length, features.width], gatherRows(features, rows)));
    const classes = Float32Array.from(rows, (row) => (known ? (labels[row] ?? -1) : -1));
    sample.set(`${name}/labels`, float32Tensor([rows.length], classes));
  }
  return sample;
}

/** Writes the sample, outliers first. */
export async function writeFeatureSample(
  folder: string,
  file: string,
  ...samples: readonly ReadonlyMap<string, Tensor>[]
): Promise<void> {
  await writeSafetensors(join(folder, file), new Map(samples.flatMap((sample) => [...sample])));
}
