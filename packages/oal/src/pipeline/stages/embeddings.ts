/** Stage "embeddings": the teacher's logits and penultimate features of every training image, plain (no augmentation). */
import { join } from "node:path";
import {
  accuracy,
  float32Data,
  float32Tensor,
  int64Tensor,
  memoryRows,
  oalError,
  Random,
  toNumbers,
  type Tensor,
} from "oal-core";
import { augmentBatch } from "../../data/batches.js";
import { refuseForeignLabels } from "../../data/labels.js";
import { predictions } from "../../evaluation/outputs.js";
import { readSafetensors } from "../../nn/safetensors.js";
import { openSafetensorsRows, writeSafetensorsRows, type AppendRows } from "../../nn/safetensorsRows.js";
import { gatherRows } from "../../training/side/rows.js";
import type { Artifact } from "../artifact.js";
import type { ImageSet } from "../../data/imageSet.js";
import { rangeReader, type PredictedBatch, type Predictor } from "../../training/predict.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { augmentationOf } from "./context.js";
import { predictionEffort } from "./classifierTraining.js";
import { teacherPredictor } from "./teacherBytes.js";
import { tellTeacherCost } from "./teacherCost.js";
import { knownForTeacher } from "./teacherViews.js";

/**
 * File with "logits" [N, C], "features" [N, D], "labels" [N] of all training images, and "bankRows" [B]; "bankFeatures" [B, D] where the
 * pictures of the bank are not the plain ones.
 */
export const embeddingsFile = "embeddings.safetensors";

/** The teacher's outputs on the training images. */
export const embeddingsStage: Stage = {
  id: "embeddings",
  version: 1,
  title: "the teacher's features of the training images",
  variants: () => [""],
  slice: ({ config: { embeddings, student } }) =>
    embeddings.view === "plain" ? embeddings : { ...embeddings, augmentation: student.augmentation },
  inputs: () => ({ teacher: "teacher" }),
  sets: (data) => ({ train: knownForTeacher(data).train }),
  effort: ({ config, data, models }) =>
    predictionEffort(config.teacher, data, data.train.set.count, models.teacher),
  async run(job) {
    const { config, data, input, folder, events, engine, signal } = job;
    const set = knownForTeacher(data).train;
    tellTeacherCost(job);
    const predictor = await teacherPredictor(engine, input("teacher").folder, config.evaluation);
    try {
      const rows = bankRows(set.labels, data.classNames.length, config.embeddings.perClass, config.seed);
      const banked =
        config.embeddings.view === "plain" ? null : await augmentedBank(job, predictor, set, rows);
      const named = await writeEmbeddings(
        join(folder, embeddingsFile),
        predictor,
        set,
        { rows, banked },
        (done) => {
          signal.throwIfAborted();
          events.progress(done, set.count, { text: "embedding" });
        },
      );
      return { metrics: { bankSize: rows.length, trainAccuracy: accuracy(named, set.labels) } };
    } finally {
      await predictor.release();
    }
  },
};

/** The bank of a set. */
interface Bank {
  readonly rows: readonly number[];
  /** Features of its pictures, [rows, D], where they are not those of the set. */
  readonly banked: Float32Array | null;
}

/**
 * Writes logits and features as they come: those of a large set are more than memory should hold.
 *
 * @returns the class that is named for every picture
 */
export async function writeEmbeddings(
  path: string,
  predictor: Predictor,
  set: ImageSet,
  { rows, banked }: Bank,
  onProgress: (done: number) => void = () => undefined,
): Promise<Int32Array> {
  const { count, labels } = set;
  const named = new Int32Array(count);
  const batches = predictor.batches(count, set.height, rangeReader(set));
  // The first batch tells the widths, which stand in the head of the file.
  const first = await batches.next();
  if (first.done === true) throw oalError("OAL-X101", { problem: "a training set without images" });
  const { classes, featureWidth } = first.value;
  const shapes = new Map([
    ["logits", [count, classes]],
    ["features", [count, featureWidth]],
  ]);
  const others = new Map<string, Tensor>([
    ["labels", int64Tensor([count], labels)],
    ["bankRows", int64Tensor([rows.length], rows)],
    ...(banked === null
      ? []
      : [["bankFeatures", float32Tensor([rows.length, featureWidth], banked)] as const]),
  ]);
  const fill = async (append: AppendRows): Promise<void> => {
    let batch: IteratorResult<PredictedBatch, void> = first;
    for (; batch.done !== true; batch = await batches.next()) {
      const { start, end, logits, features } = batch.value;
      await append("logits", logits);
      await append("features", features);
      named.set(predictions(memoryRows(logits, classes)), start);
      onProgress(end);
    }
  };
  await writeSafetensorsRows(path, shapes, fill, others);
  return named;
}

/** The teacher's features of the bank's pictures, each changed once as in the student's training (METHOD 2, row 15). */
async function augmentedBank(
  { config, signal }: StageJob,
  predictor: Predictor,
  set: ImageSet,
  rows: readonly number[],
): Promise<Float32Array> {
  const random = new Random(config.seed, "embeddings/augmentation");
  const spec = augmentationOf(config.student);
  const { features } = await predictor.predictPixels(rows.length, set.height, (start, end) => {
    signal.throwIfAborted();
    const pixels = set.read(rows.slice(start, end));
    const size = pixels.length / (end - start);
    // one picture at a time, so that it does not depend on how many go through at once
    for (let i = 0; i < end - start; i++) {
      const own = pixels.slice(i * size, (i + 1) * size);
      pixels.set(augmentBatch(own, spec, random, start + i, 0, [rows[start + i] ?? 0]), i * size);
    }
    return pixels;
  });
  return features;
}

/**
 * A seeded choice of min(perClass, N_c) images of every class, in the set's order (METHOD 2, `corrected`).
 *
 * @throws OAL-D108, OAL-D141 for a label that is none of the classes
 */
export function bankRows(labels: Int32Array, classes: number, perClass: number, seed: number): number[] {
  refuseForeignLabels(labels, classes, (i) => `training image ${i}`);
  const taken = new Int32Array(classes);
  const rows: number[] = [];
  for (const row of new Random(seed, "embeddings/bank").permutation(0, labels.length)) {
    const label = labels[row] ?? -1;
    if ((taken[label] ?? 0) >= perClass) continue;
    taken[label] = (taken[label] ?? 0) + 1;
    rows.push(row);
  }
  return rows.sort((a, b) => a - b);
}

/** The bank of an embeddings artifact. */
export async function readBank(
  artifact: Artifact,
): Promise<{ embeddings: Float32Array; dimension: number; labels: Int32Array; rows: number[] }> {
  const path = join(artifact.folder, embeddingsFile);
  const { tensors } = await readSafetensors(path, ["labels", "bankRows", "bankFeatures"]);
  const [labels, chosen] = ["labels", "bankRows"].map((name) => tensors.get(name));
  const rows = chosen ? toNumbers(chosen) : [];
  const all = labels ? toNumbers(labels) : [];
  const banked = tensors.get("bankFeatures");
  const features = openSafetensorsRows(path, "features");
  try {
    return {
      embeddings: banked ? float32Data(banked) : gatherRows(features, rows),
      dimension: features.width,
      labels: Int32Array.from(rows, (row) => all[row] ?? 0),
      rows,
    };
  } finally {
    features.close();
  }
}
