/** What an activation is: a function between layers, chosen by name. One is one file and one line in index.ts. */
import type { Value } from "oal-core";

/** An activation. */
export interface Activation {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** @param x of any shape; the result has the same */
  apply(x: Value): Value;
}
