/** Stages "synthesis:SOURCE": pictures of the outlier sources that the diffusion model makes, with the teacher's logits on them. */
import { join } from "node:path";
import { float32Tensor, int64Tensor, oalError, type Tensor } from "oal-core";
import { writeSafetensors } from "../../nn/safetensors.js";
import { likelyFakes, pickedPictures } from "../../outliers/fakes.js";
import { latentsInFolder } from "../../outliers/keptLatents.js";
import { outlierSources } from "../../outliers/sources/index.js";
import { madeFile, madeStageId, type MakeRequest, type Making } from "../../outliers/sources/made.js";
import { gathered } from "../../outliers/sources/pick.js";
import { planSource } from "../../outliers/sources/plan.js";
import { decodePictures, synthesize, type SynthesisPictures } from "../../outliers/synthesis.js";
import { exposureOptions } from "../../training/methods/exposure.js";
import type { ClassifierModel } from "../../training/model.js";
import type { Stage, StageJob, StageReport } from "../plan/stage.js";
import { loadClassifier } from "./classifierArtifact.js";
import { readBank } from "./embeddings.js";
import { modelInputs, openLatentsModel, type LatentsModel } from "./latentsModel.js";
import { followed, openTeacher, readConditions, samplingSlice, storePictures } from "./synthesisWork.js";

/** What of section `synthesis` only the stage "latents" reads. */
const ofLatents: readonly string[] = ["space", "draw", "perClass", "inliers", "pairs"];

/** One artifact per source that the run's students are shown. */
export const synthesisStage: Stage = {
  id: madeStageId,
  version: 1,
  title: "outlier pictures of a source that the diffusion model makes",
  variants: (config) =>
    planSource(exposureOptions(config).outliers, config).sources.flatMap(({ id, made }) =>
      made ? [id] : [],
    ),
  slice: (setting, source) => {
    const { section } = outlierSources.find(source);
    const sampling = Object.entries(samplingSlice(setting)).filter(([key]) => !ofLatents.includes(key));
    return {
      source,
      version: makingOf(source).version,
      options: section === undefined ? {} : setting.config[section],
      synthesis: Object.fromEntries(sampling),
    };
  },
  inputs: (config, source) => ({
    teacher: "teacher",
    embeddings: "embeddings",
    ...(makingOf(source).usesBoundary ? { boundary: "boundary" } : {}),
    ...modelInputs(config),
  }),
  sets: ({ train }) => ({ train: train.set }),
  seed: ({ synthesis }) => synthesis.seed,
  effort: ({ config, data, models: { diffusion } }, source) => {
    const { synthesis, denoiser, autoEncoder } = config;
    const model = diffusion
      ? { model: diffusion.hash, size: diffusion.layout.imageSize }
      : { denoiser, autoEncoder, size: data.train.set.height };
    return { unit: { ...model, source }, like: model, amount: synthesis.count * synthesis.steps };
  },
  async run(job) {
    const opened = await openLatentsModel(job);
    try {
      return await makePictures(job, opened);
    } finally {
      await opened.model.release();
    }
  },
};

function makingOf(source: string): Making {
  const { made } = outlierSources.find(source);
  if (!made) throw oalError("OAL-X101", { problem: `the diffusion model does not make source ${source}` });
  return made;
}

async function makePictures(job: StageJob, opened: LatentsModel): Promise<StageReport> {
  const { config, data, folder, checkpoints, engine, events, signal, variant } = job;
  const { synthesis } = config;
  const classifier = await loadClassifier(job.input("teacher").folder);
  const course = await makingOf(variant).course(requestOf(job, opened, classifier), config);
  const latents = await synthesize(engine, opened.model, course.conditions, synthesis, {
    ...followed(job),
    ...course,
    stream: `synthesis/${variant}`,
    kept: latentsInFolder(join(checkpoints, "latents")),
  });
  const made = await decodePictures(opened.model, latents, data.train.set.height, (done, total) => {
    signal.throwIfAborted();
    events.progress(done, total, { text: "decoding outliers" });
  });
  const teacher = await openTeacher(job, classifier);
  try {
    const { logits } = await teacher.look(made.images, made.count);
    const { maxTeacherConfidence } = synthesis;
    const { kept, ...figures } = likelyFakes(logits, made, maxTeacherConfidence);
    if (kept.length === 0) events.warning("the teacher is sure of every outlier; none was rejected");
    const rows = kept.length === 0 ? Int32Array.from(made.labels, (_, i) => i) : kept;
    const classes = classifier.classNames.length;
    const stored = pickedPictures(made, rows);
    await writePictures(
      folder,
      stored,
      float32Tensor([rows.length, classes], gathered(logits, classes, rows)),
    );
    return { metrics: { made: made.count, kept: rows.length, ...figures } };
  } finally {
    await teacher.release();
  }
}

/** What the source makes its course of. */
function requestOf(job: StageJob, opened: LatentsModel, teacher: ClassifierModel): MakeRequest {
  const { config, data, engine, input, events, signal } = job;
  const { model, bank, inSpace } = opened;
  return {
    engine,
    model,
    teacher,
    images: data.train.set,
    known: { ...bank, pictures: bank.rows },
    features: async () => (await readBank(input("embeddings"))).embeddings,
    toConditions: inSpace,
    boundary: () => readConditions(input("boundary")),
    count: config.synthesis.count,
    seed: config.synthesis.seed,
    onProgress: (done, total, text) => {
      signal.throwIfAborted();
      events.progress(done, total, { text });
    },
  };
}

async function writePictures(
  folder: string,
  { count, images, labels, others, sources, positions }: SynthesisPictures,
  teacherLogits: Tensor,
): Promise<void> {
  const column = (values: Int32Array): Tensor => int64Tensor([count], values);
  await writeSafetensors(
    join(folder, madeFile),
    new Map<string, Tensor>([
      ["labels", column(labels)],
      ["others", column(others ?? new Int32Array(count).fill(-1))],
      ["sources", column(sources)],
      ["positions", column(positions)],
      ["teacherLogits", teacherLogits],
    ]),
  );
  await storePictures(folder, images, sources);
}
