/** Stages "evaluation:<method>": scores of every image, metrics with intervals, and the model made ready for `oal score`. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { calibrateThreshold, findDetector, float32Tensor, oalError, Random, type Tensor } from "oal-core";
import { z } from "zod";
import { openImageSet } from "../../data/cachedSet.js";
import { defaultMaxPixels } from "../../data/pictures/limits.js";
import { subsetImageSet, type ImageSet } from "../../data/imageSet.js";
import { evaluate } from "../../evaluation/evaluate.js";
import type { EvaluationResult, ModelScores, OutputSet, SetGroup } from "../../evaluation/result.js";
import type { FittedDetector } from "../../evaluation/score.js";
import { writeScores } from "../../evaluation/scoreFiles.js";
import { resultJson } from "../../evaluation/tables.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import { gatherRows } from "../../training/classifier.js";
import { Predictor, type Predictions } from "../../training/predict.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import type { Stage } from "../plan/stage.js";
import { classifierFiles, loadClassifier } from "./classifierArtifact.js";
import { predictionEffort } from "./classifierTraining.js";
import type { PreparedData } from "./data.js";
import { decodedFolder } from "./latents.js";

/** Files of an evaluation artifact. */
export const evaluationFiles = {
  results: "results.json",
  /** The same metrics on validation ID and validation OOD images: what settings may be chosen by. */
  validation: "validation.json",
  scores: "scores",
  /** A sample of penultimate features per set, for the map. */
  features: "features.safetensors",
  /** The classifier with its detector, as `oal score` takes it. */
  model: "model",
  detector: "detector.json",
  fitted: "fitted.safetensors",
} as const;

/** Content of the detector file. */
export const storedDetectorsSchema = z.object({
  /** Id of the detector that decides unless another is asked for. */
  default: z.string(),
  /** Side in pixels of the classifier's images. */
  size: z.number(),
  /** What to do with a picture's EXIF orientation; models of before this was recorded ignored it. */
  orientation: z.enum(["apply", "ignore"]).default("ignore"),
  /** Most pixels of a picture. */
  maxPixels: z.number().default(defaultMaxPixels),
  detectors: z.record(
    z.string(),
    z.object({
      parameters: z.record(z.string(), z.number()),
      threshold: z.object({ value: z.number(), kept: z.number(), count: z.number() }),
    }),
  ),
});

type StoredDetectors = z.infer<typeof storedDetectorsSchema>;

/** Images per set in the sample of features. */
const mapImages = 250;

/** The sets an evaluation looks at. */
function setsOf(
  data: PreparedData,
): readonly { name: string; group: SetGroup | "validation-ood"; set: ImageSet }[] {
  return [
    { name: "train", group: "train", set: data.train.set },
    { name: "id-validation", group: "validation", set: data.validation.set },
    { name: "id", group: "test", set: data.test.set },
    ...data.ood.map(({ name, group, set }) => ({
      name,
      group: group === "validation" ? ("validation-ood" as const) : group,
      set,
    })),
  ];
}

/** How pictures become images of the model, as `oal score` must do it too. */
function picturesOf(
  { data: { maxPixels } }: Configuration,
  { orientation }: PreparedData,
): Pick<StoredDetectors, "orientation" | "maxPixels"> {
  return { orientation, maxPixels };
}

/** One evaluation per student; the decoded outliers, where there are some, join the sample of features. */
export const evaluationStage: Stage = {
  id: "evaluation",
  version: 5,
  title: "scores of every image, metrics, and the model for oal score",
  variants: ({ methods }) => methods,
  slice: ({ config, data }) => ({ ...config.evaluation, pictures: picturesOf(config, data) }),
  inputs: ({ methods }, method) => ({
    student: `student:${method}`,
    ...(methods.includes("oal") ? { latents: "latents" } : {}),
  }),
  effort: ({ config, data }) => {
    const images = setsOf(data).reduce((sum, { set }) => sum + set.count, 0);
    const { unit } = predictionEffort(config.student, data, images);
    return { unit: [unit, config.evaluation], amount: images };
  },
  sets: (data) => Object.fromEntries(setsOf(data).map(({ name, set }) => [name, set])),
  async run({ config, data, variant: method, input, optionalInput, folder, events, signal }) {
    const { evaluation } = config;
    const sets = setsOf(data);
    const student = input("student");
    const latents = optionalInput("latents");
    if (!evaluation.detectors.includes(evaluation.scoreDetector)) {
      throw oalError("OAL-C202", {
        where: "configuration",
        at: "evaluation.scoreDetector",
        problem: `${evaluation.scoreDetector} is not among evaluation.detectors`,
      });
    }
    const model = await loadClassifier(student.folder);
    const predictor = await Predictor.create(model, {
      batchSize: evaluation.batchSize,
    });
    const sample = new Map<string, Tensor>();
    const total = sets.reduce((sum, { set }) => sum + set.count, 0);
    const outputs: (OutputSet & { readonly predicted: Predictions; readonly validationOod: boolean })[] = [];
    try {
      let done = 0;
      for (const { name, group, set } of sets) {
        const predicted = await predictor.predict(set, (now) => {
          signal.throwIfAborted();
          events.progress(done + now, total, { text: `images through the student (${method})` });
        });
        done += set.count;
        const validationOod = group === "validation-ood";
        const { logits, features } = predicted;
        outputs.push({
          name,
          group: validationOod ? "near" : group,
          labels: set.labels,
          ids: set.ids,
          logits,
          features,
          predicted,
          validationOod,
        });
      }
      if (latents) {
        const outliers = openImageSet(join(latents.folder, decodedFolder));
        const rows = Array.from({ length: Math.min(mapImages, outliers.count) }, (_, i) => i);
        const shown = await predictor.predict(subsetImageSet(outliers, rows));
        outliers.close();
        sample.set("outliers", float32Tensor([shown.count, shown.featureWidth], shown.features));
        sample.set("outliers/labels", float32Tensor([shown.count], new Float32Array(shown.count).fill(-1)));
      }
    } finally {
      await predictor.release();
    }
    const options = {
      detectors: evaluation.detectors,
      resamples: evaluation.bootstrap,
      seed: config.seed,
    };
    const measured = outputs.filter(({ validationOod }) => !validationOod);
    const { result, scores, fitted } = await evaluate(method, config.seed, measured, options);
    for (const text of result.warnings) events.warning(text);
    await writeFile(join(folder, evaluationFiles.results), resultJson([result]));
    await writeScores(join(folder, evaluationFiles.scores), scores);
    const chooser = outputs.filter(
      ({ validationOod, group }) => validationOod || group === "train" || group === "validation",
    );
    if (chooser.some(({ validationOod }) => validationOod)) {
      const asTest = chooser.map((set): OutputSet =>
        set.group === "validation" ? { ...set, group: "test" } : set,
      );
      const validation = await evaluate(method, config.seed, asTest, options);
      await writeFile(join(folder, evaluationFiles.validation), resultJson([validation.result]));
      await writeScores(join(folder, evaluationFiles.scores, "validation"), validation.scores);
    }
    for (const { name, group, features, labels, predicted } of outputs) {
      if (group === "train") continue;
      const rows = new Random(config.seed, "map").permutation(0, labels.length).slice(0, mapImages);
      sample.set(
        name,
        float32Tensor(
          [rows.length, predicted.featureWidth],
          gatherRows(features, predicted.featureWidth, rows),
        ),
      );
      sample.set(
        `${name}/labels`,
        float32Tensor(
          [rows.length],
          Float32Array.from(rows, (row) => (group === "near" || group === "far" ? -1 : (labels[row] ?? -1))),
        ),
      );
    }
    await writeSafetensors(join(folder, evaluationFiles.features), sample);
    const bundle = join(folder, evaluationFiles.model);
    await cp(student.folder, bundle, {
      recursive: true,
      filter: (path) => !path.endsWith("artifact.json"),
    });
    const size = data.train.set.height;
    await writeDetectors(bundle, fitted, scores, evaluation, { size, ...picturesOf(config, data) });
    const ebo = result.detectors.find(({ id }) => id === evaluation.scoreDetector);
    return {
      metrics: {
        idAccuracy: result.idAccuracy,
        ...(ebo?.near ? { nearAuroc: ebo.near.metrics.auroc } : {}),
        ...(ebo?.far ? { farAuroc: ebo.far.metrics.auroc } : {}),
      },
    };
  },
};

/** Stores every fitted detector with its threshold beside a classifier; tensors are named "detector/tensor". */
async function writeDetectors(
  bundle: string,
  fitted: readonly FittedDetector[],
  scores: ModelScores,
  { scoreDetector, keep }: Configuration["evaluation"],
  images: Pick<StoredDetectors, "size" | "orientation" | "maxPixels">,
): Promise<void> {
  const validation = scores.sets.find(({ group }) => group === "validation")?.confidence ?? {};
  const detectors: StoredDetectors["detectors"] = {};
  const tensors = new Map<string, Tensor>();
  for (const { detector, parameters, tensors: own } of fitted) {
    const confidence = validation[detector.id];
    if (confidence === undefined) continue;
    detectors[detector.id] = {
      parameters: { ...parameters },
      threshold: calibrateThreshold(confidence, keep),
    };
    for (const [name, tensor] of Object.entries(own)) tensors.set(`${detector.id}/${name}`, tensor);
  }
  const stored: StoredDetectors = { default: findDetector(scoreDetector).id, ...images, detectors };
  await writeFile(join(bundle, evaluationFiles.detector), JSON.stringify(stored, null, 2));
  await writeSafetensors(join(bundle, evaluationFiles.fitted), tensors);
}

/** The result an evaluation artifact holds. @throws OAL-I103 when the file is damaged */
export async function readResult(artifact: Artifact): Promise<EvaluationResult> {
  const path = join(artifact.folder, evaluationFiles.results);
  const parsed: EvaluationResult[] = JSON.parse(await readFile(path, "utf8"));
  const [result] = parsed;
  if (result === undefined) throw oalError("OAL-I103", { path, problem: "it holds no result" });
  return result;
}

/** The feature sample of an evaluation artifact, by set. */
export async function readFeatureSample(artifact: Artifact): Promise<ReadonlyMap<string, Tensor>> {
  return (await readSafetensors(join(artifact.folder, evaluationFiles.features))).tensors;
}

/** Files that a model folder for `oal score` must hold. */
export const modelFiles = [
  classifierFiles.description,
  classifierFiles.parameters,
  evaluationFiles.detector,
  evaluationFiles.fitted,
] as const;
