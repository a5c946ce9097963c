/** Stage "latents": outlier latents from outlier embeddings, decoded, audited by the teacher, and shown on a sheet. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { float32Data, float32Tensor, int64Tensor, toNumbers, type Tensor } from "oal-core";
import { classesInTurn } from "../../data/classesInTurn.js";
import { memoryImageSet } from "../../data/imageSet.js";
import { storeImageSet } from "../../data/storeSet.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import {
  auditPosterior,
  beatsChance,
  embeddingEffect,
  withoutFakes,
  type Teacher,
} from "../../outliers/audit.js";
import { writeContactSheet } from "../../outliers/contactSheet.js";
import { openDiffusionFolder } from "../../outliers/diffusion/folder.js";
import { latentsInFolder } from "../../outliers/keptLatents.js";
import { poolLatents, type LatentPooling } from "../../outliers/pooling.js";
import { decodedFolder, latentsFile } from "../../outliers/sources/latents.js";
import {
  decodePictures,
  synthesize,
  type ConditionSet,
  type SynthesisPictures,
} from "../../outliers/synthesis.js";
import { mutualInformationMethod } from "../../training/methods/mutualInformation.js";
import { Predictor } from "../../training/predict.js";
import type { Artifact } from "../artifact.js";
import type { Stage } from "../plan/stage.js";
import { boundaryFile } from "./boundary.js";
import { loadClassifier } from "./classifierArtifact.js";
import { diffusionFolder } from "./diffusion.js";
import { readBank } from "./embeddings.js";

/** Outlier latents and pictures. */
export const latentsStage: Stage = {
  id: "latents",
  version: 2,
  title: "outlier latents and pictures, with their audit",
  variants: () => [""],
  slice: ({ config }) => ({
    synthesis: config.synthesis,
    pooling: mutualInformationMethod.options(config).latentPooling,
  }),
  inputs: () => ({
    teacher: "teacher",
    embeddings: "embeddings",
    boundary: "boundary",
    diffusion: "diffusion",
  }),
  seed: ({ synthesis }) => synthesis.seed,
  effort: ({ config: { synthesis, denoiser, autoEncoder }, data }) => ({
    unit: { denoiser, autoEncoder, size: data.train.set.height },
    amount: (synthesis.count + synthesis.inliers) * synthesis.steps,
  }),
  async run({ config, data, input, folder, checkpoints, events, engine, signal }) {
    const { synthesis } = config;
    const model = await openDiffusionFolder(engine, join(input("diffusion").folder, diffusionFolder));
    const classifier = await loadClassifier(input("teacher").folder);
    const predictor = await Predictor.create(engine, classifier, {
      batchSize: config.evaluation.batchSize,
    });
    const size = data.train.set.height;
    const teacher: Teacher = (pixels, count) =>
      predictor.predictPixels(count, size, (start, end) =>
        pixels.subarray(start * 3 * size * size, end * 3 * size * size),
      );
    try {
      const conditions = await readConditions(input("boundary"));
      const bank = { ...(await readBank(input("embeddings"))), classes: data.classNames.length };
      const options = { ...synthesis, count: synthesis.count };
      const onStep = (): void => signal.throwIfAborted();
      const made = await decodePictures(
        model,
        await synthesize(engine, model, conditions, options, {
          onStep,
          kept: latentsInFolder(join(checkpoints, "outliers")),
          onProgress: (done, total) => events.progress(done, total, { text: "outlier latents" }),
        }),
      );
      const k = Math.min(config.boundary.k, Math.floor((0.6 * bank.labels.length) / bank.classes));
      const audit = await auditPosterior(engine, made, conditions, teacher, bank, Math.max(1, k));
      const effect = await embeddingEffect(engine, model, conditions, options);
      const kept = withoutFakes(made, audit, synthesis.maxTeacherConfidence);
      if (kept.count < made.count)
        events.message(
          `${made.count - kept.count} of ${made.count} outliers rejected: the teacher is sure of them`,
        );
      const outliers = kept.count > 0 ? kept : made;
      if (kept.count === 0) events.warning("the teacher is sure of every outlier; none was rejected");
      const inlierOptions = { ...synthesis, count: Math.max(1, synthesis.inliers) };
      const inliers = await decodePictures(model, await synthesize(engine, model, bank, inlierOptions));
      const inlierAudit = await auditPosterior(engine, inliers, bank, teacher, bank, Math.max(1, k));
      if (!effect.differs || !beatsChance(inlierAudit, bank.classes)) {
        const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
        const found = `${percent(inlierAudit.sameClassShare)} of pictures made from ID embeddings`;
        events.warning(
          `outliers are generic: pictures hardly depend on their embedding yet (the teacher finds the class of ${found}, chance is ${percent(1 / bank.classes)}); more denoiser.steps make them class-specific`,
        );
      }
      await writeOutliers(
        folder,
        outliers,
        teacher,
        mutualInformationMethod.options(config).latentPooling,
        classifier.classNames.length,
      );
      const sheetCount = Math.min(64, data.train.set.count);
      const rows = classesInTurn(data.train.set.labels, sheetCount, synthesis.seed, "synthesis/choice");
      const shown = { images: data.train.set.read(rows), count: sheetCount };
      await writeContactSheet(join(folder, "sheet.png"), [shown, inliers, outliers], { size });
      const { confidence: _confidence, prediction: _prediction, ...figures } = audit;
      const { count, sameClassShare, meanConfidence, meanCosine } = inlierAudit;
      const inlierFigures = { count, sameClassShare, meanConfidence, meanCosine };
      await writeFile(
        join(folder, "audit.json"),
        JSON.stringify({ ...figures, kept: outliers.count, effect, inliers: inlierFigures }, null, 2),
      );
      return {
        metrics: {
          made: made.count,
          kept: outliers.count,
          fakeShare: audit.fakeShare,
          sameClassShare: audit.sameClassShare,
          meanConfidence: audit.meanConfidence,
          meanCosine: audit.meanCosine,
          inlierSameClassShare: sameClassShare,
          inlierMeanCosine: meanCosine,
          changeByEmbedding: effect.byEmbedding,
          changeByNoise: effect.byNoise,
        },
      };
    } finally {
      await predictor.release();
      await model.release();
    }
  },
};

/** The outlier embeddings of a boundary artifact. */
export async function readConditions(boundary: Artifact): Promise<ConditionSet> {
  const { tensors } = await readSafetensors(join(boundary.folder, boundaryFile));
  const [embeddings, labels] = [tensors.get("embeddings"), tensors.get("labels")];
  return {
    embeddings: embeddings ? float32Data(embeddings) : new Float32Array(),
    dimension: embeddings?.shape[1] ?? 0,
    labels: Int32Array.from(labels ? toNumbers(labels) : []),
  };
}

async function writeOutliers(
  folder: string,
  outliers: SynthesisPictures,
  teacher: Teacher,
  pooling: LatentPooling,
  classes: number,
): Promise<void> {
  const { count, latents, latentShape, images, labels, sources } = outliers;
  const pooled = poolLatents(latents, latentShape, pooling);
  const { logits } = await teacher(images, count);
  await writeSafetensors(
    join(folder, latentsFile),
    new Map<string, Tensor>([
      ["latents", float32Tensor([count, ...latentShape], latents)],
      ["pooled", float32Tensor([count, pooled.dimension], pooled.values)],
      ["labels", int64Tensor([count], labels)],
      ["sources", int64Tensor([count], sources)],
      ["teacherLogits", float32Tensor([count, classes], logits)],
    ]),
  );
  const ids = Array.from(sources, (source, i) => `outlier/${i}/embedding-${source}`);
  await storeImageSet(
    memoryImageSet("outliers", images, new Int32Array(count).fill(-1), [], ids),
    join(folder, decodedFolder),
  );
}
