/** The model that an evaluation leaves: the student with the detector that decides, as one file that has been run again. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bankBytes, float32Tensor, oalError, uint8Tensor, type Tensor } from "oal-core";
import { bundleFileName, writeBundle, type CheckedOutputs, type Preprocessing } from "../../bundle/index.js";
import type { Evaluation } from "../../evaluation/evaluate.js";
import type { OutputSet } from "../../evaluation/outputs.js";
import type { ModelSource } from "../../evaluation/modelTaps.js";
import { passRows } from "../../runtime/passRows.js";
import { buildClassifier, type ClassifierModel } from "../../training/model.js";
import type { Configuration } from "../configuration/schema.js";
import type { StageJob } from "../plan/stage.js";
import { writeError } from "../../runtime/systemError.js";
import { versions } from "../versions.js";
import { loadClassifier } from "./classifierArtifact.js";
import type { PreparedData } from "./data.js";
import { evaluationFiles } from "./evaluationArtifact.js";
import { ingredientsOf } from "./ingredients.js";
import { modelDetectors, type ModelDetectors } from "./modelDetectors.js";

/** Validation images that the written file is run with. */
const checkedImages = 32;

/** How pictures become images of the model, as whoever scores with it must do it too. */
export function picturesOf(
  { data: { maxPixels } }: Configuration,
  { orientation }: PreparedData,
): Pick<Preprocessing, "orientation" | "maxPixels"> {
  return { orientation, maxPixels };
}

/** The model to build detectors into. */
export function modelSource(model: ClassifierModel, batchSize: number): ModelSource {
  const size = model.network.options.imageSize;
  return { size, batch: passRows(batchSize, size), build: (batch) => buildClassifier(model, batch) };
}

/**
 * Writes the model file of a student: the classifier, the detector that decides, those of `evaluation.storedDetectors`, and
 * their decisions.
 *
 * @throws OAL-I145 when the file does not compute what was measured, OAL-I101 when it cannot be written
 */
export async function writeModel(
  job: StageJob,
  evaluation: Evaluation,
  outputs: readonly OutputSet[],
): Promise<void> {
  const { config, data, variant, engine, events, folder, input } = job;
  const validation = outputs.find(({ group }) => group === "validation");
  if (!validation) throw oalError("OAL-E102", { metric: "decision", side: "ID" });
  const chosen = modelDetectors(job, evaluation);
  const classifier = await loadClassifier(input("student").folder);
  const { mean, std } = classifier.normalisation;
  const { height } = data.train.set;
  const preprocessing: Preprocessing = {
    ...data.pictures,
    ...picturesOf(config, data),
    mean: [...mean],
    std: [...std],
  };
  const contents = {
    classifier: buildClassifier(classifier, "batch"),
    version: versions().oal,
    name: variant,
    preprocessing,
    classNames: classifier.classNames,
    ...chosen,
    ingredients: ingredientsOf(job),
    notes: { network: classifier.network.id, seed: String(config.seed) },
  };
  const count = Math.min(checkedImages, data.validation.set.count);
  const pixels = data.validation.set.read(Array.from({ length: count }, (_, row) => row));
  const models = join(folder, evaluationFiles.models);
  const path = join(models, bundleFileName(variant));
  try {
    await mkdir(models);
    await writeBundle(path, contents, {
      engine,
      images: uint8Tensor([count, 3, height, height], pixels),
      expected: expectedOf(validation, evaluation.scores, chosen, count),
      onLarge: (bytes) => events.message(largeSentence(bytes, chosen)),
    });
  } catch (error) {
    throw writeError(path, error);
  }
}

/** What was measured of the first validation images, under the names of the file's outputs. */
function expectedOf(
  validation: OutputSet,
  scores: Evaluation["scores"],
  { decides, detectors }: ModelDetectors,
  count: number,
): CheckedOutputs {
  const expected: Record<string, Tensor> = {};
  for (const name of ["logits", "features"] as const) {
    const rows = validation[name];
    expected[name] = float32Tensor([count, rows.width], rows.read(0, count));
  }
  const measured = scores.sets.find(({ group }) => group === "validation")?.confidence ?? {};
  for (const { fitted } of detectors) {
    const { id } = fitted.detector;
    const name = id === decides ? "score" : `score.${id}`;
    expected[name] = float32Tensor([count], Array.from(measured[id] ?? []).slice(0, count));
  }
  return expected;
}

/** What a large file is made of, in a sentence. */
function largeSentence(bytes: number, { detectors }: ModelDetectors): string {
  const parts = detectors.map(({ fitted: { detector, fitted } }) => {
    const tensors = Object.values(fitted.tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
    return `${detector.id} ${megabytes(tensors + (fitted.bank ? bankBytes(fitted.bank) : 0))}`;
  });
  return `the model file will have ${megabytes(bytes)}, of which ${parts.join(", ")}`;
}

/** Bytes for people. */
function megabytes(bytes: number): string {
  return bytes < 950_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`;
}
