/** Stage "alignment": the teacher's features in the space of Stable Diffusion's token embeddings. */
import { join } from "node:path";
import { float32Data, float32Tensor, int64Tensor, oalError, toNumbers, type Tensor } from "oal-core";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import { alignmentOf, mapFeatures, type Alignment } from "../../outliers/alignment.js";
import type { PromptedDiffusion } from "../../outliers/stableDiffusion/open.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import type { Stage } from "../plan/stage.js";
import { anchorsOf, promptsOf, wordingOf } from "../prompts.js";
import { runTrainingJob } from "../trainingEvents.js";
import { embeddingsFile, readBank } from "./embeddings.js";

/** File with "map.weight" [W, D] and "map.bias" [W], and with "features" [B, W] and "labels" [B] of the bank. */
const alignmentFile = "alignment.safetensors";

/** Whether a run maps its teacher's features. */
export function isAligned({ synthesis }: Pick<Configuration, "synthesis">): boolean {
  return synthesis.model !== undefined && synthesis.align;
}

/** The map. */
export const alignmentStage: Stage = {
  id: "alignment",
  version: 1,
  title: "the teacher's features in the space of the prompts' tokens",
  variants: (config) => (isAligned(config) ? [""] : []),
  slice: ({ config, data, models }) => ({
    alignment: config.alignment,
    model: models.diffusion?.hash,
    wording: wordingOf(config, data.classNames),
  }),
  inputs: () => ({ embeddings: "embeddings" }),
  effort: ({ config: { alignment }, data }) => ({
    unit: { batchSize: alignment.batchSize },
    amount: (alignment.epochs * data.train.set.count) / alignment.batchSize,
  }),
  async run(job) {
    const { config, data, folder, checkpoints, engine } = job;
    const { alignment } = config;
    const model = promptedOf(job.models.diffusion);
    const embeddings = job.input("embeddings");
    const prompts = promptsOf(config, model, data.classNames);
    const anchors = anchorsOf(prompts, model);
    const anchorsPath = join(checkpoints, "anchors.safetensors");
    const { width } = model.table;
    await writeSafetensors(
      anchorsPath,
      new Map([["anchors", float32Tensor([prompts.length, width], anchors)]]),
    );
    const bank = await readBank(embeddings);
    const { count } = data.train.set;
    const batchSize = Math.min(alignment.batchSize, count);
    const result = join(checkpoints, "result.safetensors");
    await runTrainingJob(
      {
        kind: "alignment",
        training: {
          name: "alignment",
          seed: config.seed,
          steps: Math.max(1, Math.round((alignment.epochs * count) / batchSize)),
          optimizer: { id: "sgd", momentum: 0.9, nesterov: true, weightDecay: alignment.weightDecay },
          schedule: { id: "cosine", rate: alignment.learningRate, warmup: 0, minFactor: 1e-5 },
          checkpointFolder: checkpoints,
          checkpointSeconds: config.checkpointSeconds,
        },
        embeddings: join(embeddings.folder, embeddingsFile),
        anchors: anchorsPath,
        batchSize,
        temperature: alignment.temperature,
        result,
      },
      job,
    );
    const map = alignmentOf((await readSafetensors(result)).tensors);
    const features = await mapFeatures(engine, map, bank.embeddings);
    await writeSafetensors(
      join(folder, alignmentFile),
      new Map<string, Tensor>([
        ["map.weight", map.weight],
        ["map.bias", map.bias],
        ["features", float32Tensor([bank.rows.length, width], features)],
        ["labels", int64Tensor([bank.rows.length], bank.labels)],
        ["bankRows", int64Tensor([bank.rows.length], bank.rows)],
      ]),
    );
    const figures = agreement(features, bank.labels, anchors, width);
    if (figures.accuracy < 0.5)
      job.events.warning(
        `only ${(100 * figures.accuracy).toFixed(0)} % of the features are nearest to their own class's token after the alignment; more alignment.epochs or another alignment.learningRate may help`,
      );
    return { metrics: { ...figures, width } };
  },
};

/** How many rows are nearest to the anchor of their class, and the mean cosine to it. */
function agreement(
  features: Float32Array,
  labels: Int32Array,
  anchors: Float32Array,
  width: number,
): { readonly accuracy: number; readonly meanCosine: number } {
  const classes = anchors.length / width;
  let [right, sum] = [0, 0];
  labels.forEach((label, row) => {
    const feature = features.subarray(row * width, (row + 1) * width);
    const cosines = Array.from({ length: classes }, (_, c) =>
      cosine(feature, anchors.subarray(c * width, (c + 1) * width)),
    );
    if (Math.max(...cosines) === cosines[label]) right += 1;
    sum += cosines[label] ?? 0;
  });
  const rows = Math.max(1, labels.length);
  return { accuracy: right / rows, meanCosine: sum / rows };
}

function cosine(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return product(a, b) / Math.max(1e-12, Math.sqrt(product(a, a) * product(b, b)));
}

/** The model that a run with prompts has. */
export function promptedOf(model: PromptedDiffusion | undefined): PromptedDiffusion {
  if (model) return model;
  throw oalError("OAL-X101", { problem: "a run with synthesis.model has not opened it" });
}

/** The map of an artifact. */
export async function readAlignment(artifact: Artifact): Promise<Alignment> {
  return alignmentOf((await readSafetensors(join(artifact.folder, alignmentFile))).tensors);
}

/** The bank that outliers are sampled from: the teacher's features, or what they are mapped to. */
export async function readSampledBank(
  embeddings: Artifact,
  alignment: Artifact | undefined,
): ReturnType<typeof readBank> {
  if (alignment === undefined) return readBank(embeddings);
  const { tensors } = await readSafetensors(join(alignment.folder, alignmentFile));
  const [features, labels, rows] = ["features", "labels", "bankRows"].map((name) => tensors.get(name));
  if (!features || !labels || !rows) throw oalError("OAL-I111", { name: "features", problem: "missing" });
  return {
    embeddings: float32Data(features),
    dimension: features.shape[1] ?? 0,
    labels: Int32Array.from(toNumbers(labels)),
    rows: toNumbers(rows),
  };
}
