/** What training methods see of a step. N images, C classes, F student features. */
import type { Head, Normalisation, Random, Tensor, TensorType, Value } from "oal-core";
import type { Context, TrainingContext } from "../../nn/context.js";

/** The images of a step as the network sees them. */
export interface Batch {
  /** float32 [N, 3, H, W], normalised. */
  readonly images: Value;
  /** float32 [N, C]: one-hot, or mixed by a method that changes the batch. */
  readonly labels: Value;
}

/** What a network said about pictures. */
export interface NetworkTaps {
  /** float32 [N, C]. */
  readonly logits: Value;
  /** float32 [N, F], penultimate. */
  readonly features: Value;
}

/** Finds something by name. @throws OAL-T110 when the method did not declare that it needs it */
export type ByName<T> = (name: string) => T;

/** What a method builds its loss terms of. */
export interface MethodInputs extends NetworkTaps {
  /** Where parameters of the loss itself are declared (a map, a fitted distribution): they are trained and not exported. */
  readonly context: TrainingContext;
  readonly classes: number;
  /** float32 [N, C], one-hot or mixed. */
  readonly labels: Value;
  /** The step's random numbers, as `draws` declared them. */
  readonly draws: ByName<Value>;
  /** The side data that the method needs. */
  readonly side: ByName<Value>;
  /** The student's outputs on the pictures that the method shows it, or made of the batch. */
  readonly shown: ByName<NetworkTaps>;
  /** The student's last layer, where it is linear. */
  readonly head?: Head;
  /** What the method's own heads gave (`outputs`). */
  readonly outputs: ByName<Value>;
  /** What they give on other taps: of shown pictures, or of features that were made. */
  readonly outputsOf: (taps: NetworkTaps) => ByName<Value>;
}

/** What pictures are changed by before a step: 8-bit pixels [N, 3, S, S] to new ones, a function of these and the step alone. */
export type PictureChange = (pixels: Uint8Array, step: number) => Uint8Array;

/** What a method knows when it is to change pictures. */
export interface ChangeFacts {
  readonly seed: number;
  /** S. */
  readonly imageSize: number;
}

/** What a method that changes the batch, or makes pictures of it, works with. */
export interface BatchInputs extends Batch {
  readonly classes: number;
  /** The step's random numbers, as `draws` declared them. */
  readonly draws: ByName<Value>;
  /** The side data that the method needs. */
  readonly side: ByName<Value>;
  /** Of the images: value = (level / 255 - mean) / std. */
  readonly normalisation: Normalisation;
}

/** What a method builds its heads of. */
export interface HeadInputs extends NetworkTaps {
  /** The heads' own part of the network: its parameters are trained and exported with it. */
  readonly context: Context;
  readonly classes: number;
}

/** The sizes of a step. */
export interface BatchSizes {
  /** N. */
  readonly batchSize: number;
  readonly classes: number;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Width of the student's penultimate features. */
  readonly features: number;
}

/** Random numbers of a step: an input of the training graph, a function of seed and step alone. */
export interface Draw {
  readonly type: TensorType;
  /**
   * @param random a stream of the method's and the draw's own
   * @param step from 0
   */
  at(random: Random, step: number): Tensor;
}
