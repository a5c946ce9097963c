/** What `exportModel` takes and gives. */
import type { Engine } from "oal-core";
import type { BundleFacts } from "../../bundle/facts.js";
import type { Changes } from "./changes.js";

/** How a model is exported. */
export interface ExportOptions {
  /** Ids of the detectors that the file shall hold, of those that the model has. Default: all of them. */
  readonly detectors?: readonly string[];
  /** Share of known pictures to keep, in (0, 1): moves the stored cut. Default: it stays. */
  readonly keep?: number;
  /** Order of the axes of the file's pictures. Default "nchw". */
  readonly layout?: "nchw" | "nhwc";
  /**
   * Resizing and cropping inside the file: of pictures of one size, equal to ours bit for bit; or of any size, by the engine's own
   * resizing, which may change a decision now and then. Default: outside.
   */
  readonly resize?: "free" | { readonly height: number; readonly width: number };
  /** "onnx": one file; "hf": a folder for transformers.js. Default "onnx". */
  readonly format?: "onnx" | "hf";
  /** Numbers of the network: 32 or 16 bits, or 8 with whole numbers. Detectors and decision keep 32. Default "fp32". */
  readonly precision?: "fp32" | "fp16" | "int8";
  /** Paths of known pictures: what changes is measured on them, and 8 bits are calibrated on half of them. Default: a run's own. */
  readonly pictures?: readonly string[];
  /** Paths of unknown pictures, to measure the change of AUROC on. */
  readonly unknown?: readonly string[];
  /** What computes. Default: the CPU. */
  readonly engine?: Engine;
  /** Threads of the default engine; 0: one per core. Default 0. */
  readonly threads?: number;
  /** Told what is going on, in sentences. */
  readonly onMessage?: (sentence: string) => void;
  /** Told how many pictures are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between pictures. */
  readonly signal?: AbortSignal;
}

/** What was exported. */
export interface Exported {
  /** The file, or the folder. */
  readonly path: string;
  /** Every file that was written. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** What the file says of itself. */
  readonly facts: BundleFacts;
  /** How it differs from the model it was made of, on the pictures given; absent where nothing was measured. */
  readonly changes?: Changes;
}
