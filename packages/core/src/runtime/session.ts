/** What an engine offers: a graph made ready, fed by name. Implementations sit next to an ONNX Runtime binding. */
import type { Tensor } from "../graph/tensor.js";

/** A model ready to run. */
export interface Session {
  /** Names of the inputs, in the model's order. */
  readonly inputNames: readonly string[];
  /** Names of the outputs, in the model's order. */
  readonly outputNames: readonly string[];
  /**
   * Computes all outputs.
   *
   * @throws OAL-R102 when an input is missing or of the wrong shape or element type
   */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the engine's memory. */
  release(): Promise<void>;
}
