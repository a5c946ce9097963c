/** What is found out about a model of someone else, as data. */
import type { DType } from "../graph/tensor.js";

/** Names of values that say what is what where a file does not. */
export interface ModelHints {
  /** The input that takes the pictures. */
  readonly images?: string;
  /** The value that holds the class scores before a softmax. */
  readonly logits?: string;
  /** The penultimate features. */
  readonly features?: string;
  /** Values of trained heads beside the last layer, float32 [N, k], by the head's name. */
  readonly heads?: Readonly<Record<string, string>>;
  /** Number of classes, where several outputs could be meant. */
  readonly classes?: number;
}

/** The input that takes pictures. */
export interface ModelInput {
  readonly name: string;
  /** Order of the axes: channels before or behind the pixels. */
  readonly layout: "nchw" | "nhwc";
  /** Element type as the file has it. */
  readonly dtype: DType;
  /** 3 for RGB, 1 for grey. */
  readonly channels: 1 | 3;
  /** Pixels; null where the file leaves them open. */
  readonly height: number | null;
  readonly width: number | null;
  /** Pictures at once: null for any number, otherwise the number that the file fixes; 0 for an input without that axis. */
  readonly batch: number | null;
}

/** The class scores. */
export interface LogitsFacts {
  /** The inner value that holds them, before any softmax. */
  readonly value: string;
  /** The output of the file that they were found behind. */
  readonly output: string;
  readonly classes: number;
  /** What the file makes of them before it gives them out; null where they come out as they are. */
  readonly activation: "softmax" | "sigmoid" | null;
  /** Whether probabilities only come out. */
  readonly probabilities: boolean;
}

/** The last layer. */
export interface HeadFacts {
  /** Its operator in the file. */
  readonly operator: string;
  /** Names of the weight and of the added vector, if any, in the file. */
  readonly weight: string;
  readonly bias: string | null;
  /** Whether the file's weight has a row per feature, not per class. */
  readonly transposed: boolean;
}

/** A value that could serve as feature map, float [N, channels, height, width]. */
export interface MapFacts {
  /** How the tap is called: maps.NAME. */
  readonly name: string;
  readonly value: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** How often an operator stands in a file. */
export interface OperatorFacts {
  readonly type: string;
  readonly count: number;
  /** Whether gradients flow through it. */
  readonly differentiable: boolean;
  /** Why it is kept as it stood, not understood; null for one that is. */
  readonly opaque: string | null;
}

/** Arithmetic on pixels that stands in the file before its first layer: value * scale + shift, per channel or for all. */
export interface InnerPreprocessing {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** What a model is. Plain data. */
export interface ModelFacts {
  readonly input: ModelInput;
  /** Null for a feature extractor: there is no layer of classes, and `features` is all it gives. */
  readonly logits: LogitsFacts | null;
  /** What the last layer reads; null where it is not found: detectors of logits only. */
  readonly features: { readonly value: string; readonly width: number } | null;
  /** Null where the last layer is not linear in the features. */
  readonly head: HeadFacts | null;
  /** From the first to the last, one per size of picture inside. */
  readonly maps: readonly MapFacts[];
  /** Numbers in float constants. */
  readonly parameters: number;
  readonly operators: readonly OperatorFacts[];
  /** How maps or tokens become features, in words; null where that is not seen. */
  readonly pooling: string | null;
  readonly preprocessingInside: InnerPreprocessing | null;
  /** Whether the file stands in training form: its own answers depend on the other pictures of a batch, those of the classifier do not. */
  readonly isTrainingForm: boolean;
  /** What was asked for by name. */
  readonly hints: ModelHints;
  /** Why all this is believed, in sentences. */
  readonly evidence: readonly string[];
}
