/** What a detector is fitted on: streams of what a model says of labelled ID images, as often as they are asked for. */
import type { Graph, Tensor, Value } from "../graph/index.js";
import type { TapName } from "../classifier/taps.js";
import type { Algebra } from "./fitting/algebra.js";
import type { SomeTaps } from "./inputs.js";

/** The ID set a fit reads; a detector never sees unknown images here. */
export type FitSet = "train" | "validation";

/**
 * What a stream can carry: taps that are values, and "measured", the numbers that a fit has computed of every image inside the model. A
 * head is no stream, and images are read by graphs only.
 */
export type StreamTap = Exclude<TapName, "head" | "images" | "maps"> | "measured";

/** Numbers of every image, float32 [N, k], as a graph in the model's own: for fits that look at gradients or at all maps. */
export type Measurement = (graph: Graph, taps: SomeTaps) => Value;

/** Which images of a set a fit looks at, by position, ascending; absent: all. Of their labels alone, so that none has to be looked at before. */
export type ImageDraw = (labels: Int32Array) => readonly number[];

/** One batch of a stream. */
export interface FitBatch<Name extends string = string> {
  readonly count: number;
  /** Class indices [count]; -1 for an image of none of the classes, which a fit that looks at classes does not see. */
  readonly labels: Int32Array;
  /** By tap: float32, the first axis of size `count`. Valid until the next batch. */
  readonly taps: Readonly<Record<Name, FitRows>>;
}

/** The values of one tap on a batch. */
export interface FitRows {
  /** [count, ...] */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The last layer as numbers. */
export interface FitHead {
  /** W, float32 [C, d]. */
  readonly weight: Tensor;
  /** b, float32 [C]. */
  readonly bias: Tensor;
}

/** The images of one ID set as a fit sees them. */
export interface FitStreams<Name extends string = string> {
  readonly set: FitSet;
  /** Number of images. */
  readonly count: number;
  /** Number of classes C. */
  readonly classes: number;
  /** Batches of all images in list order, with the taps that the fit needs; every call is another pass. */
  batches(): AsyncIterable<FitBatch<Name>>;
  /** W and b. @throws OAL-E203 when the model's last layer is not linear */
  head(): FitHead;
  /** What large matrices are decomposed and multiplied with. */
  readonly algebra: Algebra;
}

/** Streams as their source makes them. */
export interface FoundStreams<Name extends string = string> extends Omit<
  FitStreams<Name>,
  "head" | "algebra"
> {
  /** Absent where the model's last layer is not linear. */
  readonly head?: FitHead | undefined;
}

/**
 * Where a fit finds its streams; null for a set that is not there, or lacks one of the taps.
 *
 * @param measured  what the tap "measured" is, where it is among them
 * @param drawn  the images that are wanted; default: all
 */
export type FitSource = <Name extends StreamTap>(
  set: FitSet,
  taps: readonly Name[],
  measured?: Measurement,
  drawn?: ImageDraw,
) => FoundStreams<Name> | null;

/** How a detector learns from ID images; `Inputs` are the taps that its score is built from. */
export interface FitDefinition<Schema, Inputs, Needs extends StreamTap, Fitted extends string> {
  /** The set it is fitted on, by the parameters where a variant uses another. */
  readonly on: FitSet | ((parameters: Schema) => FitSet);
  /** The taps that its streams carry. */
  readonly needs: readonly Needs[];
  /** What its streams carry as "measured": numbers of every image, float32 [N, k], from the detector's own taps. */
  readonly measure?: (graph: Graph, inputs: Inputs, parameters: Schema) => Value;
  /** The images that it looks at, for a fit that a few are enough for. Default: all. */
  readonly draws?: (labels: Int32Array, parameters: Schema) => readonly number[];
  /** Whether it looks at classes: images without one (label -1) are then no part of it. Default false. */
  readonly labelled?: boolean;
  /** Names of the tensors it keeps. */
  readonly tensors: readonly Fitted[];
  /** Computes them, in one pass or several. */
  readonly run: (streams: FitStreams<Needs>, parameters: Schema) => Promise<Readonly<Record<Fitted, Tensor>>>;
  /** What whoever fits it should know of what came out: sentences that go on behind "ID: ". Default none. */
  readonly remarks?: (tensors: Readonly<Record<Fitted, Tensor>>, parameters: Schema) => readonly string[];
}
