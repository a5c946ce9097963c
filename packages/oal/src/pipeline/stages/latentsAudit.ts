/** What of decoded outliers the teacher thinks, and whether they depend on their embeddings: the audit of stage "latents". */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  auditPosterior,
  beatsChance,
  embeddingEffect,
  withoutFakes,
  type EmbeddingEffect,
  type PosteriorAudit,
  type Teacher,
} from "../../outliers/audit.js";
import {
  decodePictures,
  synthesize,
  type ConditionSet,
  type SynthesisPictures,
  type SynthesisResult,
} from "../../outliers/synthesis.js";
import type { StageJob } from "../plan/stage.js";
import type { LatentsModel } from "./latentsModel.js";

/** Decoded outliers that are kept, pictures of undisturbed embeddings where some were asked for, and figures. */
export interface AuditedOutliers {
  readonly outliers: SynthesisPictures;
  readonly inliers?: SynthesisPictures;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Decodes latents, looks at the pictures, leaves out those that the teacher is sure of, and writes audit.json.
 *
 * @param teacher on pictures of the run's size
 */
export async function auditOutliers(
  job: StageJob,
  { model, bank, inSpace }: LatentsModel,
  conditions: ConditionSet,
  latents: SynthesisResult,
  teacher: Teacher,
): Promise<AuditedOutliers> {
  const { config, data, folder, events, engine, signal } = job;
  const { synthesis } = config;
  const size = data.train.set.height;
  const k = Math.max(1, Math.min(config.boundary.k, Math.floor((0.6 * bank.labels.length) / bank.classes)));
  const onStep = (): void => signal.throwIfAborted();
  const looking: Teacher = async (pixels, count) => {
    const { logits, features } = await teacher(pixels, count);
    return { logits, features: await inSpace(features) };
  };
  const judge = (set: SynthesisPictures, of: ConditionSet): Promise<PosteriorAudit> =>
    auditPosterior(engine, set, of, looking, bank, k);
  const made = await decodePictures(model, latents, size, (done, total) => {
    signal.throwIfAborted();
    events.progress(done, total, { text: "decoding outliers" });
  });
  const audit = await judge(made, conditions);
  const outliers = certain(made, audit, job);
  const effect =
    synthesis.pairs > 0
      ? await embeddingEffect(engine, model, conditions, synthesis, { pairs: synthesis.pairs, onStep })
      : undefined;
  const inlierLatents =
    synthesis.inliers > 0
      ? await synthesize(engine, model, bank, { ...synthesis, count: synthesis.inliers }, { onStep })
      : undefined;
  const inliers = inlierLatents && (await decodePictures(model, inlierLatents, size));
  const inlierAudit = inliers && (await judge(inliers, bank));
  if (effect && inlierAudit) warnIfGeneric(effect, inlierAudit, bank.classes, job);
  const { confidence: _confidence, prediction: _prediction, ...figures } = audit;
  const inlierFigures = inlierAudit && {
    count: inlierAudit.count,
    sameClassShare: inlierAudit.sameClassShare,
    meanConfidence: inlierAudit.meanConfidence,
    meanCosine: inlierAudit.meanCosine,
  };
  await writeFile(
    join(folder, "audit.json"),
    JSON.stringify({ ...figures, kept: outliers.count, effect, inliers: inlierFigures }, null, 2),
  );
  return {
    outliers,
    ...(inliers ? { inliers } : {}),
    metrics: {
      made: made.count,
      kept: outliers.count,
      fakeShare: audit.fakeShare,
      sameClassShare: audit.sameClassShare,
      meanConfidence: audit.meanConfidence,
      meanCosine: audit.meanCosine,
      ...(inlierFigures
        ? {
            inlierSameClassShare: inlierFigures.sameClassShare,
            inlierMeanCosine: inlierFigures.meanCosine,
          }
        : {}),
      ...(effect ? { changeByEmbedding: effect.byEmbedding, changeByNoise: effect.byNoise } : {}),
    },
  };
}

/** The outliers that the teacher is not sure of; all of them where it is sure of every one. */
function certain(
  made: SynthesisPictures,
  audit: PosteriorAudit,
  { config, events }: StageJob,
): SynthesisPictures {
  const kept = withoutFakes(made, audit, config.synthesis.maxTeacherConfidence);
  if (kept.count === 0) {
    events.warning("the teacher is sure of every outlier; none was rejected");
    return made;
  }
  const rejected = made.count - kept.count;
  if (rejected > 0)
    events.message(`${rejected} of ${made.count} outliers rejected: the teacher is sure of them`);
  return kept;
}

/** Says so where pictures hardly show what they were made from. */
function warnIfGeneric(
  effect: EmbeddingEffect,
  inliers: PosteriorAudit,
  classes: number,
  { config, events }: StageJob,
): void {
  if (effect.differs && beatsChance(inliers, classes)) return;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const found = `${percent(inliers.sameClassShare)} of pictures made from ID embeddings`;
  const remedy =
    config.synthesis.model === undefined
      ? "more denoiser.steps make them class-specific"
      : "prompts that the model obeys (synthesis.prompt, synthesis.names) and more synthesis.guidance may help";
  events.warning(
    `outliers are generic: pictures hardly depend on their embedding yet (the teacher finds the class of ${found}, chance is ${percent(1 / classes)}); ${remedy}`,
  );
}
