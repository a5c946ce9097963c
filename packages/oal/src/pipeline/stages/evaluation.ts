/** Stages "evaluation:<method>": scores of every image, metrics with intervals, and the model made ready for `oal score`. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { metrics, type RowKeeper, type Tensor } from "oal-core";
import { cacheFolder } from "../../data/cacheFolder.js";
import { FitCache } from "../../evaluation/fitCache.js";
import { askedDetectors } from "../../evaluation/asked.js";
import { evaluate, type Summary } from "../../evaluation/evaluate.js";
import type { OutputSet } from "../../evaluation/outputs.js";
import type { EvaluationResult } from "../../evaluation/result.js";
import { rowStore, type RowStore } from "../../evaluation/rowFiles.js";
import { writeScores } from "../../evaluation/scoreFiles.js";
import { resultJson } from "../../evaluation/tables.js";
import { decodedFolder } from "../../outliers/sources/stored.js";
import type { ClassifierModel } from "../../training/model.js";
import { Predictor } from "../../training/predict.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { measuredDetectors, studentsRead } from "../recipeNeeds.js";
import { loadClassifier } from "./classifierArtifact.js";
import { predictionEffort } from "./classifierTraining.js";
import { makesPictures } from "../../outliers/synthesisOptions.js";
import { evaluationFiles } from "./evaluationArtifact.js";
import { modelSource, picturesOf, writeModel } from "./evaluationModel.js";
import { groupsOf, imagesOf, outputsOf, setsOf } from "./evaluationOutputs.js";
import { picturesNamed } from "./ingredients.js";
import { sampleOutliers, sampleSets, writeFeatureSample } from "./featureSample.js";

/** One evaluation per student; the decoded outliers, where there are some, join the sample of features. */
export const evaluationStage: Stage = {
  id: "evaluation",
  version: 15,
  title: "scores of every image, metrics, and the model for oal score",
  seeds: "students",
  variants: ({ methods }) => methods,
  slice: ({ config, data, models }, method) => {
    const { name, licence } = picturesNamed(config);
    const { scoreFiles: _forms, ...section } = config.evaluation; // written by the comparison
    const detectors = askedDetectors(measuredDetectors(method, config));
    return {
      ...section,
      detectors: detectors.map(({ detector: { id, version }, parameters }) => ({ id, version, parameters })),
      metrics: metrics.all.map(({ id, version = 1 }) => ({ id, version })),
      groups: groupsOf(data.ood),
      pictures: { ...picturesOf(config, data), name, licence },
      ...(models.init ? { resized: data.pictures } : {}),
    };
  },
  inputs: (config, method) => ({
    student: `student:${method}`,
    ...(studentsRead(config, "latents") && makesPictures(config.synthesis) ? { latents: "latents" } : {}),
  }),
  effort: ({ config, data, models }) => {
    const images = imagesOf(setsOf(data));
    const { unit, ...effort } = predictionEffort(config.student, data, images, models.init);
    return { ...effort, unit: [unit, config.evaluation] };
  },
  sets: (data) => Object.fromEntries(setsOf(data).map(({ name, set }) => [name, set])),
  async run(job) {
    const { config, variant: method, folder, input, events, engine } = job;
    const { evaluation: section, seed } = config;
    const model = await loadClassifier(input("student").folder);
    const outputsFolder = join(job.checkpoints, "outputs");
    const [rows, banks] = [rowStore(outputsFolder), rowStore(join(folder, evaluationFiles.banks))];
    try {
      const { outputs, outliers } = await predictAll(job, model, rows.keep);
      await writeFeatureSample(folder, evaluationFiles.features, outliers, sampleSets(outputs, seed));
      const { bootstrap, keep, ask, perClass, search, combine } = section;
      const evaluation = await evaluate(engine, method, seed, outputs, {
        detectors: measuredDetectors(method, config),
        search,
        combine,
        keep,
        ask,
        perClass,
        seed,
        resamples: bootstrap,
        classifier: modelSource(model, section.batchSize),
        keepRows: banks.keep,
        fits: new FitCache(join(cacheFolder(), "fits")),
        onBatch: () => job.signal.throwIfAborted(),
      });
      await writeBankIndex(join(folder, evaluationFiles.banks), banks);
      const { result, scores, validation } = evaluation;
      for (const text of result.warnings) events.warning(text);
      await writeSummary(folder, { result, scores });
      if (validation) await writeSummary(folder, validation, true);
      await writeModel(job, evaluation, outputs);
      return { metrics: figuresOf(result, section.scoreDetector) };
    } finally {
      rows.close();
      banks.close();
      await rm(outputsFolder, { recursive: true, force: true });
    }
  },
};

/** What the student says of every image, and of the decoded outliers of the run. */
async function predictAll(
  job: StageJob,
  model: ClassifierModel,
  keep: RowKeeper,
): Promise<{ readonly outputs: OutputSet[]; readonly outliers: ReadonlyMap<string, Tensor> }> {
  const { config, data, variant: method, optionalInput, events, engine, signal } = job;
  const predictor = await Predictor.create(engine, model, { batchSize: config.evaluation.batchSize });
  try {
    const outputs = await outputsOf(predictor, setsOf(data), keep, (done, total) => {
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

/** What lies in the files of large banks: count and width by name, as `openRows` asks for them. */
async function writeBankIndex(folder: string, { written }: RowStore): Promise<void> {
  if (written.size === 0) return;
  await writeFile(join(folder, "index.json"), JSON.stringify(Object.fromEntries(written), null, 2));
}

/** Results and scores of the test images, or of the validation images. */
async function writeSummary(
  folder: string,
  { result, scores }: Summary,
  onValidation = false,
): Promise<void> {
  const file = onValidation ? evaluationFiles.validation : evaluationFiles.results;
  await writeFile(join(folder, file), resultJson([result]));
  const own = join(folder, evaluationFiles.scores, ...(onValidation ? ["validation"] : []));
  await writeScores("csv", own, scores);
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
