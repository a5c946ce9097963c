/** What a metric of detection is: one object with a name, a direction and a number made of counts. */
import { expectArguments, kinds } from "../errors/index.js";
import type { Counts } from "./ranking.js";

/** A metric of ID against OOD confidences. */
export interface Metric<Id extends string = string> {
  /** Its key in results and CSV files. */
  readonly id: Id;
  /** Its name in tables. */
  readonly title: string;
  /** What it says, in a clause. */
  readonly meaning: string;
  readonly higherIsBetter: boolean;
  /** Whether the terminal's tables and comparisons of models show it; files and the report show all. Default true. */
  readonly headline?: boolean;
  /** Raise it when the code changes values. Default 1. */
  readonly version?: number;
  /**
   * The value, a fraction in [0, 1], of how many samples of either side hold each distinct confidence. A function of ranks, so
   * that a bootstrap resample is a recount.
   */
  readonly compute: (counts: Counts) => number;
  /** A 95 % interval from the bootstrap's values [B]. Default: the 2.5 and 97.5 percentiles. */
  readonly interval?: (resampled: Float64Array) => [number, number];
}

const aMetric = kinds.fields({
  id: kinds.name,
  title: kinds.name,
  meaning: kinds.text,
  higherIsBetter: kinds.boolean,
  headline: kinds.optional(kinds.boolean),
  compute: kinds.callback,
  interval: kinds.optional(kinds.callback),
});

/**
 * Makes a metric; `metrics.register` adds it to every result, table, CSV file and report made afterwards.
 *
 * @example
 * defineMetric({ id: "share", title: "Share", meaning: "share of ID samples", higherIsBetter: true,
 *   compute: ({ idTotal, oodTotal }) => idTotal / (idTotal + oodTotal) });
 */
export function defineMetric<const Id extends string>(metric: Metric<Id>): Metric<Id> {
  expectArguments("defineMetric", { metric: [metric, aMetric] });
  return metric;
}
