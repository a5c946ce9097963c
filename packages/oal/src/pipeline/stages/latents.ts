/** Stage "latents": outlier latents from outlier embeddings, decoded, audited by the teacher, and shown on a sheet. */
import { join } from "node:path";
import { float32Tensor, int64Tensor, type Tensor } from "oal-core";
import { classesInTurn } from "../../data/classesInTurn.js";
import { writeSafetensors } from "../../nn/safetensors.js";
import { chosenConditions } from "../../outliers/chosenConditions.js";
import { writeContactSheet } from "../../outliers/contactSheet.js";
import { latentsInFolder } from "../../outliers/keptLatents.js";
import { poolLatents } from "../../outliers/pooling.js";
import { latentsFile } from "../../outliers/sources/latents.js";
import { synthesize, type SynthesisResult } from "../../outliers/synthesis.js";
import type { SuppliedLatents } from "../../outliers/supplied.js";
import { mutualInformationMethod } from "../../training/methods/mutualInformation.js";
import type { Configuration } from "../configuration/schema.js";
import type { Stage, StageJob, StageReport } from "../plan/stage.js";
import { loadClassifier } from "./classifierArtifact.js";
import { auditOutliers } from "./latentsAudit.js";
import { modelInputs, openLatentsModel, type LatentsModel } from "./latentsModel.js";
import { followed, openTeacher, readConditions, samplingSlice, storePictures } from "./synthesisWork.js";

/** Outlier latents and pictures. */
export const latentsStage: Stage = {
  id: "latents",
  version: 3,
  title: "outlier latents and pictures, with their audit",
  variants: () => [""],
  slice: (setting) => ({
    synthesis:
      setting.config.synthesis.latents === undefined
        ? samplingSlice(setting)
        : { latents: setting.models.latents?.hash },
    pooling: poolingOf(setting.config),
  }),
  inputs: (config): Readonly<Record<string, string>> =>
    config.synthesis.latents === undefined
      ? { teacher: "teacher", embeddings: "embeddings", boundary: "boundary", ...modelInputs(config) }
      : {},
  seed: ({ synthesis }) => synthesis.seed,
  effort: ({ config: { synthesis, denoiser, autoEncoder }, data, models: { diffusion, latents } }) => ({
    unit: latents
      ? "supplied"
      : diffusion
        ? { model: diffusion.hash, size: diffusion.layout.imageSize, guided: synthesis.guidance !== 1 }
        : { denoiser, autoEncoder, size: data.train.set.height },
    amount: latents
      ? latents.count
      : (synthesis.count + synthesis.inliers + 3 * synthesis.pairs) * synthesis.steps,
  }),
  async run(job) {
    if (job.models.latents) return writeSupplied(job, job.models.latents);
    const opened = await openLatentsModel(job);
    try {
      return await makeOutliers(job, opened);
    } finally {
      await opened.model.release();
    }
  },
};

/** Writes latents of a file, and pools them. */
async function writeSupplied({ config, folder }: StageJob, supplied: SuppliedLatents): Promise<StageReport> {
  const { count, shape, values, labels } = supplied;
  const unknown = new Int32Array(count).fill(-1);
  const positions = Int32Array.from(unknown, (_, i) => i);
  const latents = { count, latentShape: shape, latents: values, labels: labels ?? unknown, seed: -1 };
  await writeOutliers(folder, { ...latents, sources: unknown, positions }, poolingOf(config), new Map());
  return { metrics: { made: 0, kept: count } };
}

async function makeOutliers(job: StageJob, opened: LatentsModel): Promise<StageReport> {
  const { config, data, input, folder, checkpoints, engine } = job;
  const { synthesis } = config;
  const conditions = await readConditions(input("boundary"));
  const latents = await synthesize(engine, opened.model, conditions, synthesis, {
    ...followed(job),
    chosen: chosenConditions(conditions.labels, synthesis),
    kept: latentsInFolder(join(checkpoints, "outliers")),
  });
  if (synthesis.space === "latent") {
    await writeOutliers(folder, latents, poolingOf(config), new Map());
    return { metrics: { made: latents.count, kept: latents.count } };
  }
  const classifier = await loadClassifier(input("teacher").folder);
  const teacher = await openTeacher(job, classifier);
  const size = data.train.set.height;
  try {
    const { outliers, inliers, metrics } = await auditOutliers(
      job,
      opened,
      conditions,
      latents,
      teacher.look,
    );
    const { logits } = await teacher.look(outliers.images, outliers.count);
    const shape = [outliers.count, classifier.classNames.length];
    const teacherLogits = new Map([["teacherLogits", float32Tensor(shape, logits)]]);
    await writeOutliers(folder, outliers, poolingOf(config), teacherLogits);
    await storePictures(folder, outliers.images, outliers.sources);
    const count = Math.min(64, data.train.set.count);
    const rows = classesInTurn(data.train.set.labels, count, synthesis.seed, "synthesis/choice");
    const known = { images: data.train.set.read(rows), count };
    const panels = inliers ? [known, inliers, outliers] : [known, outliers];
    await writeContactSheet(join(folder, "sheet.png"), panels, { size });
    return { metrics };
  } finally {
    await teacher.release();
  }
}

function poolingOf(config: Configuration) {
  return mutualInformationMethod.options(config).latentPooling;
}

async function writeOutliers(
  folder: string,
  { count, latents, latentShape, labels, sources, positions, seed }: SynthesisResult,
  pooling: ReturnType<typeof poolingOf>,
  more: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const pooled = poolLatents(latents, latentShape, pooling);
  const column = (values: ArrayLike<number>): Tensor => int64Tensor([count], values);
  await writeSafetensors(
    join(folder, latentsFile),
    new Map<string, Tensor>([
      ["latents", float32Tensor([count, ...latentShape], latents)],
      ["pooled", float32Tensor([count, pooled.dimension], pooled.values)],
      ["labels", column(labels)],
      ["sources", column(sources)],
      ["positions", column(positions)],
      ["seeds", column(new Int32Array(count).fill(seed))],
      ...more,
    ]),
  );
}
