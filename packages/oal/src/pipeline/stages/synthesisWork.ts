/** What stages that synthesise latents share: how the work is told and stopped, the teacher that looks at pictures, and what they read. */
import { join } from "node:path";
import { float32Data, toNumbers, type Tensor } from "oal-core";
import { memoryImageSet } from "../../data/imageSet.js";
import { storeImageSet } from "../../data/storeSet.js";
import { readSafetensors } from "../../nn/safetensors.js";
import type { Teacher } from "../../outliers/audit.js";
import type { BoundaryEmbeddings } from "../../outliers/sources/made.js";
import { decodedFolder } from "../../outliers/sources/stored.js";
import type { SynthesisWork } from "../../outliers/synthesis.js";
import type { ClassifierModel } from "../../training/model.js";
import { Predictor } from "../../training/predict.js";
import type { Artifact } from "../artifact.js";
import type { Setting, StageJob } from "../plan/stage.js";
import { wordingOf } from "../prompts.js";
import { boundaryFile } from "./boundary.js";

/** How a synthesis is told, with seconds per latent where they are many, and stopped between two steps. */
export function followed({ events, signal }: StageJob): Pick<SynthesisWork, "onProgress" | "onStep"> {
  let [done, total, first, started] = [0, 0, 0, Number.NaN];
  return {
    onProgress: (made, all) => {
      if (Number.isNaN(started)) [first, started] = [made, performance.now()];
      [done, total] = [made, all];
      const seconds = (performance.now() - started) / 1000 / (made - first);
      const figures =
        made > first && seconds > 0
          ? { rate: 1 / seconds, ...(seconds >= 0.5 ? { terms: { "seconds per latent": seconds } } : {}) }
          : {};
      events.progress(made, all, { text: "outlier latents", ...figures });
    },
    onStep: (step, steps) => {
      signal.throwIfAborted();
      events.progress(done, total, { text: `outlier latents, step ${step + 1} of ${steps}` });
    },
  };
}

/** The outlier embeddings of a boundary artifact. */
export async function readConditions(boundary: Artifact): Promise<BoundaryEmbeddings> {
  const { tensors } = await readSafetensors(join(boundary.folder, boundaryFile));
  const [embeddings, labels, anchors] = ["embeddings", "labels", "anchors"].map((name) => tensors.get(name));
  const whole = (tensor: Tensor | undefined): Int32Array => Int32Array.from(tensor ? toNumbers(tensor) : []);
  return {
    embeddings: embeddings ? float32Data(embeddings) : new Float32Array(),
    dimension: embeddings?.shape[1] ?? 0,
    labels: whole(labels),
    anchors: whole(anchors),
  };
}

/** A teacher that looks at pictures of the run's size. */
export interface LookingTeacher {
  readonly look: Teacher;
  release(): Promise<void>;
}

/** Makes a teacher ready to look at pictures. */
export async function openTeacher(
  { engine, config, data }: StageJob,
  model: ClassifierModel,
): Promise<LookingTeacher> {
  const predictor = await Predictor.create(engine, model, config.evaluation);
  const size = data.train.set.height;
  return {
    look: (pixels, count) =>
      predictor.predictPixels(count, size, (start, end) =>
        pixels.subarray(start * 3 * size * size, end * 3 * size * size),
      ),
    release: () => predictor.release(),
  };
}

/** Stores pictures as an image set in an artifact; their ids say which embedding each was made from. */
export async function storePictures(folder: string, images: Uint8Array, sources: Int32Array): Promise<void> {
  const ids = Array.from(sources, (source, i) => `outlier/${i}/embedding-${source}`);
  const labels = new Int32Array(sources.length).fill(-1);
  await storeImageSet(memoryImageSet("outliers", images, labels, [], ids), join(folder, decodedFolder));
}

/** What of section `synthesis` decides latents of any source; a model by its content, wherever it lies. */
export function samplingSlice({ config, data, models: { diffusion } }: Setting): Record<string, unknown> {
  const { model, prompt: _prompt, names: _names, latents: _latents, ...synthesis } = config.synthesis;
  if (model === undefined) return synthesis;
  const lengths = config.fixes.r02 ? "token" : "own";
  return { ...synthesis, model: diffusion?.hash, lengths, wording: wordingOf(config, data.classNames) };
}
