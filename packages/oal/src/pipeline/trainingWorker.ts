/** The training thread: builds a job's task, trains it, writes the result. Talks to the main thread by messages only. */
import { existsSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { toNumbers, type Engine } from "oal-core";
import { restOf, stepsPerEpoch } from "../data/batches.js";
import { openImageSet } from "../data/cachedSet.js";
import { predictedClasses } from "../evaluation/predictedClasses.js";
import { parametersUnder } from "../nn/parameters.js";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.js";
import { openSafetensorsRows } from "../nn/safetensorsRows.js";
import { alignmentTask } from "../outliers/alignment.js";
import { autoEncoderTask, denoiserTask } from "../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../outliers/samplers/schedule.js";
import { classifierTask } from "../training/classifier.js";
import { enginesIn, enginesText } from "../training/computedBy.js";
import { networkPrefix } from "../training/network.js";
import { Predictor } from "../training/predict.js";
import { recipes } from "../training/recipes/index.js";
import { methodsOf } from "../training/recipes/recipe.js";
import type { SideData } from "../training/side/sideData.js";
import { withRest, type TrainingTask } from "../training/task.js";
import { train, type TrainingOutcome } from "../training/trainer.js";
import { makeEngine } from "../runtime/engines/index.js";
import { blamePlugin } from "./plugins/fault.js";
import { loadPlugins } from "./plugins/load.js";
import { sideSources } from "./sideSources/index.js";
import { readCutViews } from "./stages/cutViewsArtifact.js";
import { loadImported } from "./stages/imported.js";
import { floats, stored, widthOf } from "./sideSources/stored.js";
import type { WorkerInput, WorkerMessage } from "./trainInWorker.js";
import type { AlignmentJob, AutoEncoderJob, ClassifierJob, DenoiserJob, TrainingJob } from "./trainingJob.js";
import { errorMessage } from "../runtime/workerError.js";

async function taskOf(job: TrainingJob, engine: Engine): Promise<TrainingTask> {
  switch (job.kind) {
    case "classifier":
      return { ...(await classifierOf(job)), ...(await selectionOf(job, engine)) };
    case "autoEncoder":
      return autoEncoderOf(job);
    case "denoiser":
      return denoiserOf(job);
    case "alignment":
      return alignmentTaskOf(job);
  }
}

async function classifierOf(job: ClassifierJob): Promise<TrainingTask> {
  const { batchSize, rest } = job;
  const images = openImageSet(job.images);
  const { count } = images;
  images.close();
  const whole = await classifierPart(job, batchSize);
  const last = restOf(count, batchSize, rest);
  return last === 0
    ? whole
    : withRest(whole, await classifierPart(job, last), stepsPerEpoch(count, batchSize, rest));
}

/** What chooses among the epochs, where one is wanted: the right ones among the validation images. */
async function selectionOf(
  { selection, network: choice, start, normalisation }: ClassifierJob,
  engine: Engine,
): Promise<Pick<TrainingTask, "selection">> {
  if (!selection) return {};
  const { every, batchSize, heads } = selection;
  const imported = start && (await loadImported(start.init));
  const network = { ...choice, ...(imported ? { imported } : {}), ...(heads.length > 0 ? { heads } : {}) };
  const images = openImageSet(selection.images);
  return {
    selection: {
      every,
      score: async (trained) => {
        const own = parametersUnder(trained, networkPrefix);
        const parameters = imported ? new Map([...imported.first, ...own]) : own;
        const predictor = await Predictor.create(
          engine,
          { network, parameters, normalisation },
          { batchSize },
        );
        try {
          const named = await predictedClasses(predictor, images);
          return named.filter((label, i) => label === images.labels[i]).length;
        } finally {
          await predictor.release();
        }
      },
    },
  };
}

/** The task with so many images per step. */
async function classifierPart(job: ClassifierJob, batchSize: number): Promise<TrainingTask> {
  const { rest, normalisation, augmentation, settings, start } = job;
  const network = start ? { ...job.network, imported: await loadImported(start.init) } : job.network;
  const views = start?.frozen === undefined ? undefined : await readCutViews(start.frozen);
  const { seed, steps } = job.training;
  const images = openImageSet(job.images);
  const { classes } = network.options;
  const side: SideData[] = [];
  for (const { source, names, folders } of job.side) {
    const sizes = { steps, batchSize, wholeBatch: job.batchSize, classes };
    const facts = { seed, ...sizes, augmentation, normalisation, images, names };
    side.push(...(await sideSources.find(source).open({ ...facts, settings: job.sourceSettings, folders })));
  }
  const initial = job.initial === undefined ? undefined : (await readSafetensors(job.initial)).tensors;
  const methods = methodsOf(recipes.find(job.recipe));
  return classifierTask(
    {
      seed,
      network,
      batchSize,
      cut: { batchSize: job.batchSize, rest },
      normalisation,
      augmentation,
      methods,
      settings: settings,
      ...(initial ? { initial } : {}),
      ...(views ? { views } : {}),
    },
    images,
    side,
  );
}

async function autoEncoderOf(job: AutoEncoderJob): Promise<TrainingTask> {
  const images = openImageSet(job.images);
  const { batchSize, width, fullResolution, klWeight, flip } = job;
  return autoEncoderTask({
    images,
    batchSize,
    width,
    fullResolution,
    klWeight,
    flip,
    seed: job.training.seed,
  });
}

async function denoiserOf(job: DenoiserJob): Promise<TrainingTask> {
  return denoiserTask({
    moments: {
      mean: openSafetensorsRows(job.moments, "mean"),
      logVariance: openSafetensorsRows(job.moments, "logVariance"),
    },
    latentShape: job.latentShape,
    latentScale: job.latentScale,
    embeddings: openSafetensorsRows(job.embeddings, "features"),
    batchSize: job.batchSize,
    channels: job.channels,
    blocks: job.blocks,
    target: job.target,
    conditionDropout: job.conditionDropout,
    conditionNoise: job.conditionNoise,
    schedule: noiseSchedule(),
    seed: job.training.seed,
  });
}

async function alignmentTaskOf({ embeddings, anchors, ...job }: AlignmentJob): Promise<TrainingTask> {
  const { tensors } = await readSafetensors(embeddings);
  const targets = (await readSafetensors(anchors)).tensors;
  return alignmentTask({
    features: floats(tensors, "features"),
    dimension: widthOf(tensors, "features"),
    labels: toNumbers(stored(tensors, "labels")),
    anchors: floats(targets, "anchors"),
    classes: stored(targets, "anchors").shape[0] ?? 0,
    temperature: job.temperature,
    batchSize: job.batchSize,
    seed: job.training.seed,
  });
}

/** Figures of a choice among epochs, and what computed the training, as the texts that a result can hold. */
function factsOf({ kept, engines }: TrainingOutcome): Record<string, string> {
  const figures = Object.entries(kept ?? {}).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(figures), engines: enginesText(engines) };
}

/** A training that an earlier attempt has finished: what computed it is told, as of one that goes on. */
async function tellFinished(
  { result, training }: TrainingJob,
  tell: (message: WorkerMessage) => void,
): Promise<void> {
  const { metadata } = await readSafetensors(result, []);
  const { steps } = training;
  const engines = enginesIn(metadata["engines"]);
  tell({ kind: "event", event: { kind: "resumed", step: steps, total: steps, engines } });
  tell({ kind: "finished", finished: true });
}

async function main({ job, engine, plugins }: WorkerInput): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const tell = (message: WorkerMessage): void => port.postMessage(message);
  let stopped = false;
  port.on("message", () => {
    stopped = true;
  });
  try {
    loadPlugins(plugins);
    if (existsSync(job.result)) return await tellFinished(job, tell);
    const computes = await makeEngine(engine);
    const outcome = await train(
      computes,
      await taskOf(job, computes),
      job.training,
      (event) => tell({ kind: "event", event }),
      () => stopped,
    );
    if (outcome.finished) await writeSafetensors(job.result, outcome.parameters, factsOf(outcome));
    tell({ kind: "finished", finished: outcome.finished });
  } catch (thrown) {
    tell(errorMessage(blamePlugin(thrown)));
  }
}

const input: WorkerInput = workerData;
await main(input);
