/** A model made ready by an engine: it tells its inputs and outputs, and is fed by name. */
import type { Tensor } from "../graph/tensor.js";

/** An input or output of a model, as the engine tells it. */
export interface ValueInfo {
  readonly name: string;
  /** Element type. Also of types that oal does not compute with, as "float16" or "string". */
  readonly dtype: string;
  /** Sizes along each axis; a name where the model leaves a size open ("" where it has no name for it). */
  readonly shape: readonly (number | string)[];
}

/** A model ready to run. */
export interface Session {
  /** The inputs, in the model's order. */
  readonly inputs: readonly ValueInfo[];
  /** The outputs, in the model's order. */
  readonly outputs: readonly ValueInfo[];
  /**
   * Computes outputs.
   *
   * @param feeds a tensor for every input; what is no input is left alone
   * @param fetch names of outputs; default: all of them
   * @throws OAL-R102 when an input is missing or of the wrong shape or element type, or an output is not there
   */
  run(feeds: Readonly<Record<string, Tensor>>, fetch?: readonly string[]): Promise<Record<string, Tensor>>;
  /** Frees the engine's memory. */
  release(): Promise<void>;
}
