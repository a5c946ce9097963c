/** Results in JSON: everything is written as it is, but for decisions, which have a form of their own. */
import { decisionFromJson, decisionToJson, type DecisionJson } from "oal-core";
import type { Choice } from "./choice.js";
import type { SeedList, SeedRow } from "./overSeeds.js";
import type { DetectorResult, EvaluationResult } from "./result.js";

interface DetectorForm extends Omit<DetectorResult, "decision"> {
  readonly decision: DecisionJson | null;
}

interface ResultForm extends Omit<EvaluationResult, "detectors"> {
  readonly detectors: readonly DetectorForm[];
}

/** What results.json holds beside the results. */
export interface ResultExtras {
  /** What the seeds of the results vary, the first one first: everything, or the students alone. */
  readonly seeds?: SeedList;
  /** Means over the seeds, where there are several. */
  readonly overSeeds?: readonly SeedRow[];
  /** Every setting that could have been tuned, and what chose it. */
  readonly choices?: readonly Choice[];
}

/**
 * The JSON text of results, `{ ...extras, results }`: two spaces of indentation, lists of numbers in one line each, a line feed at
 * the end.
 */
export function resultsToJson(results: readonly EvaluationResult[], extras: ResultExtras = {}): string {
  const forms = results.map((result): ResultForm => ({
    ...result,
    detectors: result.detectors.map(({ decision, ...rest }) => ({
      ...rest,
      decision: decision ? decisionToJson(decision) : null,
    })),
  }));
  // A line feed as it is never stands inside a JSON string, so that only layout is changed.
  const text = JSON.stringify({ ...extras, results: forms }, null, 2).replaceAll(
    /\[\n([\s\d.,eE+-]+)\n\s*\]/g,
    (_, inner: string) => {
      const numbers = inner.trim().split(/\s+/).join(" ");
      return `[${numbers}]`;
    },
  );
  return `${text}\n`;
}

/**
 * Results from their JSON text, as this version of oal wrote it.
 *
 * @throws SyntaxError for what is no JSON, OAL-E212 for a damaged decision
 */
export function resultsFromJson(text: string): EvaluationResult[] {
  const { results }: { readonly results: readonly ResultForm[] } = JSON.parse(text);
  return results.map((form) => ({
    ...form,
    detectors: form.detectors.map(({ decision, ...rest }) => ({
      ...rest,
      decision: decision === null ? null : decisionFromJson(decision),
    })),
  }));
}
