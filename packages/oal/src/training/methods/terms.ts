/** Loss terms: declared once by a method, found by their names in logs, reports and the configuration. */
import { add, mul, type Value } from "oal-core";

/** What a method says about one of its terms. */
export interface TermDeclaration {
  /** What it measures, in a few words. */
  readonly title: string;
  /**
   * Its factor in the loss: the name of the method's option that holds it, a number, or null for a value that is only logged.
   */
  readonly weight: string | number | null;
}

/** The terms of a method by name. */
export type TermDeclarations = Readonly<Record<string, TermDeclaration>>;

/** One term of a step's loss. */
export interface WeightedTerm {
  readonly name: string;
  /** float32 scalar. */
  readonly value: Value;
  /** Factor in the total; a Value where it changes from step to step; 0: logged only. */
  readonly weight: number | Value;
}

/** Sum of weighted terms, zero weights left out; null when nothing is left. */
export function weightedSum(terms: readonly WeightedTerm[]): Value | null {
  let total: Value | null = null;
  for (const { value, weight } of terms) {
    if (weight === 0) continue;
    const scaled = weight === 1 ? value : mul(value, weight);
    total = total ? add(total, scaled) : scaled;
  }
  return total;
}

/** A weight times a plain factor; a factor of 1 leaves the graph as it is. */
export function scaledWeight(weight: number | Value, factor: number): number | Value {
  if (factor === 1) return weight;
  return typeof weight === "number" ? weight * factor : mul(weight, factor);
}
