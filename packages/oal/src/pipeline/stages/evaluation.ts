/** Stages "evaluation:<method>": scores of every image, metrics with intervals, and the model made ready for `oal score`. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError, type Tensor } from "oal-core";
import { evaluate } from "../../evaluation/evaluate.js";
import type { EvaluationResult } from "../../evaluation/result.js";
import { writeScores } from "../../evaluation/scoreFiles.js";
import { resultJson } from "../../evaluation/tables.js";
import { decodedFolder } from "../../outliers/sources/latents.js";
import { Predictor } from "../../training/predict.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { studentsRead } from "../recipeNeeds.js";
import { loadClassifier } from "./classifierArtifact.js";
import { predictionEffort } from "./classifierTraining.js";
import { evaluationFiles } from "./evaluationArtifact.js";
import { picturesOf, writeModel } from "./evaluationModel.js";
import {
  imagesOf,
  outputsOf,
  setsOf,
  validationOutputs,
  type EvaluatedOutputs,
} from "./evaluationOutputs.js";
import { sampleOutliers, sampleSets, writeFeatureSample } from "./featureSample.js";

/** One evaluation per student; the decoded outliers, where there are some, join the sample of features. */
export const evaluationStage: Stage = {
  id: "evaluation",
  version: 7,
  title: "scores of every image, metrics, and the model for oal score",
  variants: ({ methods }) => methods,
  slice: ({ config, data }) => ({ ...config.evaluation, pictures: picturesOf(config, data) }),
  inputs: (config, method) => ({
    student: `student:${method}`,
    ...(studentsRead(config, "latents") ? { latents: "latents" } : {}),
  }),
  effort: ({ config, data }) => {
    const images = imagesOf(setsOf(data));
    const { unit } = predictionEffort(config.student, data, images);
    return { unit: [unit, config.evaluation], amount: images };
  },
  sets: (data) => Object.fromEntries(setsOf(data).map(({ name, set }) => [name, set])),
  async run(job) {
    const { config, data, variant: method, input, folder, events, engine } = job;
    const { evaluation, seed } = config;
    if (!evaluation.detectors.includes(evaluation.scoreDetector)) {
      throw oalError("OAL-C202", {
        where: "configuration",
        at: "evaluation.scoreDetector",
        problem: `${evaluation.scoreDetector} is not among evaluation.detectors`,
      });
    }
    const { outputs, outliers } = await predictAll(job);
    await writeFeatureSample(folder, evaluationFiles.features, outliers, sampleSets(outputs, seed));
    const { detectors, bootstrap, keep } = evaluation;
    const options = { detectors, resamples: bootstrap, seed, keep };
    const measured = outputs.filter(({ validationOod }) => !validationOod);
    const { result, scores, fitted } = await evaluate(engine, method, seed, measured, options);
    for (const text of result.warnings) events.warning(text);
    await writeFile(join(folder, evaluationFiles.results), resultJson([result]));
    await writeScores(join(folder, evaluationFiles.scores), scores);
    const forChoices = validationOutputs(outputs);
    if (forChoices.length > 0) {
      const validation = await evaluate(engine, method, seed, forChoices, options);
      await writeFile(join(folder, evaluationFiles.validation), resultJson([validation.result]));
      await writeScores(join(folder, evaluationFiles.scores, "validation"), validation.scores);
    }
    const model = join(folder, evaluationFiles.model);
    await writeModel(model, input("student"), fitted, result, config, data);
    return { metrics: figuresOf(result, evaluation.scoreDetector) };
  },
};

/** What the student says of every image, and of the decoded outliers of the run. */
async function predictAll(
  job: StageJob,
): Promise<{ readonly outputs: EvaluatedOutputs[]; readonly outliers: ReadonlyMap<string, Tensor> }> {
  const { config, data, variant: method, input, optionalInput, events, engine, signal } = job;
  const model = await loadClassifier(input("student").folder);
  const predictor = await Predictor.create(engine, model, { batchSize: config.evaluation.batchSize });
  try {
    const outputs = await outputsOf(predictor, setsOf(data), (done, total) => {
      signal.throwIfAborted();
      events.progress(done, total, { text: `images through the student (${method})` });
    });
    const latents = optionalInput("latents");
    const outliers = latents
      ? await sampleOutliers(predictor, join(latents.folder, decodedFolder))
      : new Map<string, Tensor>();
    return { outputs, outliers };
  } finally {
    await predictor.release();
  }
}

/** The figures of artifact.json, of the detector that decides. */
function figuresOf({ idAccuracy, detectors }: EvaluationResult, decides: string): Record<string, number> {
  const deciding = detectors.find(({ id }) => id === decides);
  return {
    idAccuracy,
    ...(deciding?.near ? { nearAuroc: deciding.near.metrics.auroc } : {}),
    ...(deciding?.far ? { farAuroc: deciding.far.metrics.auroc } : {}),
  };
}
