/** A training as plain data, so that it can be sent to a worker thread: paths and options, no functions. */
import type { Normalisation } from "oal-core";
import type { AugmentSpec, EpochRest } from "../data/batches.js";
import type { HeadChoice, NetworkChoice } from "../training/network.js";
import type { MethodSettings } from "../training/methods/method.js";
import type { TrainingOptions } from "../training/options.js";

/** Side data of a source. */
export interface SideJob {
  /** Id of the source. */
  readonly source: string;
  /** Names of the side data. */
  readonly names: readonly string[];
  /** Artifact folders by stage. */
  readonly folders: Readonly<Record<string, string>>;
}

/** What a network that was read starts from. */
export interface ImportedStart {
  /** Folder of the artifact that holds the network. */
  readonly init: string;
  /** Folder of what its frozen part says of the training images; absent: that is computed in every step, where there is one. */
  readonly frozen?: string;
}

/** The images that choose among the epochs of a training. */
export interface SelectionJob {
  /** Their folder. */
  readonly images: string;
  /** Steps of an epoch. */
  readonly every: number;
  /** Images of 32 pixels a side that are looked at together. */
  readonly batchSize: number;
  /** What the logits of the finished network are. */
  readonly heads: readonly HeadChoice[];
}

/** Training of a teacher or student. */
export interface ClassifierJob {
  readonly kind: "classifier";
  readonly training: TrainingOptions;
  /** Folder of the training images. */
  readonly images: string;
  readonly network: NetworkChoice;
  readonly batchSize: number;
  /** What becomes of images that fill no batch. */
  readonly rest: EpochRest;
  readonly normalisation: Normalisation;
  readonly augmentation: AugmentSpec;
  /** Id of the recipe. */
  readonly recipe: string;
  readonly settings: MethodSettings;
  /** These, and sections that side data sources read. */
  readonly sourceSettings: MethodSettings;
  /** Side data sources with the artifact folders they read. */
  readonly side: readonly SideJob[];
  /** Safetensors with tensors that replace freshly drawn ones. */
  readonly initial?: string;
  /** What the network was read from; absent: it is the registered one of its id. */
  readonly start?: ImportedStart;
  /** What chooses among the weights of its epochs; absent: the last ones are kept. */
  readonly selection?: SelectionJob;
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
  readonly target: "v" | "epsilon";
  readonly conditionDropout: number;
  readonly conditionNoise: number;
  readonly result: string;
}

/** Training of the map from the teacher's features to the tokens of prompts. */
export interface AlignmentJob {
  readonly kind: "alignment";
  readonly training: TrainingOptions;
  /** Safetensors with the teacher's "features" [N, D] and "labels" [N] of the training images. */
  readonly embeddings: string;
  /** Safetensors with "anchors" [C, W]. */
  readonly anchors: string;
  readonly batchSize: number;
  readonly temperature: number;
  readonly result: string;
}

/** Any training. */
export type TrainingJob = ClassifierJob | AutoEncoderJob | DenoiserJob | AlignmentJob;
