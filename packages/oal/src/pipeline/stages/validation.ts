/**
 * Stages "validation:RECIPE": how well a student tells known from unknown validation images, near and far. What settings are chosen by;
 * it reads no set of the test, so that it is made where those are withheld.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { metrics } from "oal-core";
import { cacheFolder } from "../../data/cacheFolder.js";
import { FitCache } from "../../evaluation/fitCache.js";
import { askedDetectors } from "../../evaluation/asked.js";
import { evaluateOnValidation } from "../../evaluation/evaluate.js";
import { rowStore } from "../../evaluation/rowFiles.js";
import { resultJson } from "../../evaluation/tables.js";
import { Predictor } from "../../training/predict.js";
import type { Stage } from "../plan/stage.js";
import { measuredDetectors } from "../recipeNeeds.js";
import { loadClassifier } from "./classifierArtifact.js";
import { predictionEffort } from "./classifierTraining.js";
import { evaluationFiles } from "./evaluationArtifact.js";
import { modelSource } from "./evaluationModel.js";
import { choosingSets, groupsOf, imagesOf, outputsOf } from "./evaluationOutputs.js";

/** One per student. */
export const validationStage: Stage = {
  id: "validation",
  version: 1,
  title: "metrics on known and unknown validation images, and on nothing of the test",
  seeds: "students",
  variants: ({ methods }) => methods,
  slice: ({ config, data }, method) => ({
    detectors: askedDetectors(measuredDetectors(method, config)).map(
      ({ detector: { id, version }, parameters }) => ({ id, version, parameters }),
    ),
    search: config.evaluation.search,
    metrics: metrics.all.map(({ id, version = 1 }) => ({ id, version })),
    groups: groupsOf(choosingSets(data)),
  }),
  inputs: (_config, method) => ({ student: `student:${method}` }),
  effort: ({ config, data, models }) => {
    const images = imagesOf(choosingSets(data));
    return predictionEffort(config.student, data, images, models.init);
  },
  sets: (data) => Object.fromEntries(choosingSets(data).map(({ name, set }) => [name, set])),
  async run(job) {
    const { config, data, variant: method, folder, input, events, engine, signal } = job;
    const { search, batchSize } = config.evaluation;
    const model = await loadClassifier(input("student").folder);
    const [outputsFolder, banksFolder] = [join(job.checkpoints, "outputs"), join(job.checkpoints, "banks")];
    const rows = rowStore(outputsFolder);
    const banks = rowStore(banksFolder);
    const predictor = await Predictor.create(engine, model, { batchSize });
    try {
      const outputs = await outputsOf(predictor, choosingSets(data), rows.keep, (done, total) => {
        signal.throwIfAborted();
        events.progress(done, total, { text: `validation images through the student (${method})` });
      });
      const result = await evaluateOnValidation(engine, method, config.seed, outputs, {
        detectors: measuredDetectors(method, config),
        search,
        seed: config.seed,
        resamples: 0,
        classifier: modelSource(model, batchSize),
        keepRows: banks.keep,
        fits: new FitCache(join(cacheFolder(), "fits")),
        onBatch: () => signal.throwIfAborted(),
      });
      for (const text of result.warnings) events.warning(text);
      await writeFile(join(folder, evaluationFiles.validation), resultJson([result]));
      return { metrics: { accuracy: result.idAccuracy } };
    } finally {
      await predictor.release();
      rows.close();
      banks.close();
      for (const scratch of [outputsFolder, banksFolder]) await rm(scratch, { recursive: true, force: true });
    }
  },
};
