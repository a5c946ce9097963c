/** How a value is computed by one blocked convolution, whose kernel adds a summand and applies an activation in the same pass. */
import type { FusedActivation } from "../../graph/ops/blockedConv.js";
import type { Value } from "../../graph/value.js";

/** What is done to a value in the pass that computes it. */
export interface Extras {
  /** A blocked value of the copy that is added. */
  readonly sum?: Value;
  /** Applied last. */
  readonly activation?: FusedActivation;
}

/** Computes a value in blocks. */
export interface Builder {
  /** Which extras there is room for. */
  readonly room: "sum and activation" | "activation" | "nothing";
  /** Whether it is one pass over memory, which may be made once more for another reader. */
  readonly isCheap: boolean;
  build(extras: Extras): Value;
}
