/** A training as plain data, so that it can be sent to a worker thread: paths and options, no functions. */
import type { Normalisation } from "oal-core";
import type { AugmentSpec } from "../data/augment.js";
import type { NetworkChoice } from "../training/classifier.js";
import type { MethodSettings } from "../training/methods/index.js";
import type { TrainingOptions } from "../training/options.js";

/** Training of a teacher or student. */
export interface ClassifierJob {
  readonly kind: "classifier";
  readonly training: TrainingOptions;
  /** Folder of the training images. */
  readonly images: string;
  readonly network: NetworkChoice;
  readonly batchSize: number;
  readonly normalisation: Normalisation;
  readonly augmentation: AugmentSpec;
  readonly methods: "ce" | "kd" | "oal";
  readonly settings: MethodSettings;
  readonly pairing: "class" | "random";
  readonly outlierFraction: number;
  readonly outlierStart: number;
  /** Safetensors with tensors that replace freshly drawn ones. */
  readonly initial?: string;
  /** Teacher outputs on the plain training images: safetensors with "logits" and "features". */
  readonly teacherTable?: string;
  /** The teacher itself, to be run on the student's images. */
  readonly teacher?: { readonly network: NetworkChoice; readonly parameters: string };
  /** Safetensors with "embeddings" [M, D] and "labels" [M]. */
  readonly outlierEmbeddings?: string;
  /** Safetensors with "pooled" [M, P], "labels" [M] and "teacherLogits" [M, C]. */
  readonly outlierLatents?: string;
  /** Folder of the decoded outliers, in the order of `outlierLatents`. */
  readonly outlierImages?: string;
  /** Where the trained parameters are written (safetensors). */
  readonly result: string;
}

/** Training of the auto-encoder. */
export interface AutoEncoderJob {
  readonly kind: "autoEncoder";
  readonly training: TrainingOptions;
  readonly images: string;
  readonly batchSize: number;
  readonly width: number;
  readonly fullResolution: boolean;
  readonly klWeight: number;
  readonly flip: boolean;
  readonly result: string;
}

/** Training of the latent denoiser. */
export interface DenoiserJob {
  readonly kind: "denoiser";
  readonly training: TrainingOptions;
  /** Safetensors with "mean" and "logVariance" [N, 4, h, w] of the training images' latents, before scaling. */
  readonly moments: string;
  /** Safetensors with the teacher's "features" [N, D] of the same images. */
  readonly embeddings: string;
  readonly latentShape: readonly [number, number, number];
  readonly latentScale: number;
  readonly batchSize: number;
  readonly channels: number;
  readonly blocks: number;
  readonly prediction: "v_prediction" | "epsilon";
  readonly conditionDropout: number;
  readonly conditionNoise: number;
  readonly result: string;
}

/** Any training. */
export type TrainingJob = ClassifierJob | AutoEncoderJob | DenoiserJob;
