/**
 * The decision "known or unknown" as one object: what it was calibrated on, where its cuts lie, and what a score means.
 * Results, report, the exported file and `oal score` all read this one, so that a number is true once.
 */
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import { shortestFloat32 } from "../graph/index.js";
import { assertScores } from "../metrics/sorting.js";
import { conformalCut } from "./conformal.js";

/** Scores, float32, from which on something is said of a picture. */
export interface Cuts {
  /** Known when score >= unknown. */
  readonly unknown: number;
  /** A known picture with a score below it is for a person to look at; at least `unknown`. */
  readonly ask?: number;
}

/** A calibrated detector's decision. */
export interface Decision {
  /** Id of the detector whose scores it is about. */
  readonly detector: string;
  /** Share of known pictures that is to be kept, in (0, 1]. */
  readonly target: number;
  /** Share of the ID validation images that reach the cut `unknown`: at least `target`. */
  readonly kept: number;
  /** Number n of ID validation images it rests on. */
  readonly count: number;
  /**
   * Their scores, ascending: all n, or m < n of them at evenly spaced ranks, rank ceil(j n / m) for j = 1..m (ranks from 1).
   */
  readonly calibration: Float32Array;
  readonly cuts: Cuts;
  /** Cuts of a class of its own, by the index of the predicted class. */
  readonly perClass?: readonly Cuts[];
}

/** What a decision says of one score. */
export interface Verdict {
  readonly known: boolean;
  /** Known, but below the cut `ask`. */
  readonly ask: boolean;
  /** Share of known pictures at least as strange as this one, in (0, 1]; see {@link pValueTable}. */
  readonly pValue: number;
}

/** How to calibrate. */
export interface DecisionOptions {
  /** Id of the detector. */
  readonly detector: string;
  /** Share of known pictures to keep, in (0, 1]. Default 0.95, the field's operating point. */
  readonly target?: number;
  /** Share of known pictures above the cut `ask`, in (0, target]. Default: no such cut. */
  readonly ask?: number;
}

/** Most calibration scores that are stored: enough for p values to a twentieth of a percent, and a few kilobytes. */
const MOST_STORED = 2048;

/**
 * Calibrates a decision: the largest cut with which a new picture, drawn as the ID validation images were, is called known with
 * probability at least `target`. It keeps ceil(target (n + 1)) of the n images, all of them where n is too small for the promise;
 * elsewhere "known" is the same as a p value above 1 - target.
 *
 * @param scores  a detector's confidences of ID validation images [n]; rounded to float32, as the engine computes them
 * @throws OAL-E101 (a score is NaN), OAL-E102 (no score), OAL-E210 (a share is not in (0, 1]), OAL-E211 (`ask` above `target`)
 * @source split conformal prediction, see conformal.ts
 * @example makeDecision([1, 2, 3, 4], { detector: "ebo", target: 0.5 }).cuts   // { unknown: 2 }
 */
export function makeDecision(scores: ArrayLike<number>, options: DecisionOptions): Decision {
  expectArguments("makeDecision", {
    scores: [scores, kinds.numbers],
    options: [
      options,
      kinds.fields({
        detector: kinds.name,
        target: kinds.optional(kinds.number),
        ask: kinds.optional(kinds.number),
      }),
    ],
  });
  const { detector, target = 0.95, ask } = options;
  for (const keep of ask === undefined ? [target] : [target, ask])
    if (!(keep > 0 && keep <= 1)) throw oalError("OAL-E210", { keep });
  if (ask !== undefined && ask > target) throw oalError("OAL-E211", { ask, target });
  if (scores.length === 0) throw oalError("OAL-E102", { metric: `decision of ${detector}`, side: "ID" });
  assertScores(scores, `decision of ${detector}`);
  const ascending = Float32Array.from(scores, (score) => score + 0).sort(); // -0 has no JSON, and no meaning
  const unknown = conformalCut(ascending, target);
  const first = ascending.findIndex((score) => score >= unknown);
  return {
    detector,
    target,
    kept: (ascending.length - first) / ascending.length,
    count: ascending.length,
    calibration: quantiles(ascending),
    cuts: { unknown, ...(ask === undefined ? {} : { ask: conformalCut(ascending, ask) }) },
  };
}

/** Rank, from 1, of the j-th of m stored scores among n. */
function rankOf(j: number, m: number, n: number): number {
  return Math.ceil((j * n) / m);
}

function quantiles(ascending: Float32Array): Float32Array {
  const [n, m] = [ascending.length, MOST_STORED];
  if (n <= m) return ascending;
  return Float32Array.from({ length: m }, (_, i) => ascending[rankOf(i + 1, m, n) - 1] ?? 0);
}

/**
 * The p value by the number J of stored calibration scores that do not exceed a score: (1 + #{calibration <= score}) / (n + 1)
 * where all n scores are stored. With m of them the count is known to lie between two ranks only; the upper one is taken, so
 * that a p value is never too small. A picture drawn as the validation images were has a p value <= a with probability at most a.
 *
 * @returns [m + 1], ascending, the last 1
 * @source conformal p values: Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random World", 2.2; Bates et al. 2023,
 *   "Testing for outliers with conformal p-values", eq. 2
 */
export function pValueTable(decision: Decision): Float64Array {
  expectArguments("pValueTable", { decision: [decision, aDecision] });
  const { calibration, count } = decision;
  const m = calibration.length;
  return Float64Array.from({ length: m + 1 }, (_, j) =>
    j === m ? 1 : rankOf(j + 1, m, count) / (count + 1),
  );
}

/**
 * What a decision says of a score.
 *
 * @param score  larger is more in-distribution; rounded to float32
 * @param predicted  index of the predicted class; decides where the decision has cuts per class
 * @throws OAL-E101 for NaN
 * @example decide(makeDecision([1, 2, 3, 4], { detector: "ebo" }), 2)   // { known: true, ask: false, pValue: 0.6 }
 */
export function decide(decision: Decision, score: number, predicted?: number): Verdict {
  expectArguments("decide", {
    decision: [decision, aDecision],
    score: [score, kinds.number],
    predicted: [predicted, kinds.optional(kinds.count)],
  });
  assertScores([score], `decision of ${decision.detector}`);
  const { calibration, count, cuts, perClass } = decision;
  const { unknown, ask } = (predicted === undefined ? undefined : perClass?.[predicted]) ?? cuts;
  const value = Math.fround(score);
  const [j, m] = [countUpTo(calibration, value), calibration.length];
  const known = value >= unknown;
  return {
    known,
    ask: known && ask !== undefined && value < ask,
    pValue: j === m ? 1 : rankOf(j + 1, m, count) / (count + 1),
  };
}

/** How many of ascending numbers do not exceed a value. */
function countUpTo(ascending: Float32Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A number in JSON; infinite scores are legal and have no JSON number. */
export type JsonScore = number | "Infinity" | "-Infinity";

/** Cuts in JSON. */
export interface CutsJson {
  readonly unknown: JsonScore;
  readonly ask?: JsonScore;
}

/** A decision in JSON: float32 numbers in the fewest digits that name them. */
export interface DecisionJson {
  readonly detector: string;
  readonly target: number;
  readonly kept: number;
  readonly count: number;
  readonly cuts: CutsJson;
  readonly perClass?: readonly CutsJson[];
  readonly calibration: readonly JsonScore[];
}

/** The JSON form of a decision, for `JSON.stringify`. */
export function decisionToJson(decision: Decision): DecisionJson {
  expectArguments("decisionToJson", { decision: [decision, aDecision] });
  const { detector, target, kept, count, cuts, perClass, calibration } = decision;
  return {
    detector,
    target,
    kept,
    count,
    cuts: cutsToJson(cuts),
    ...(perClass ? { perClass: perClass.map(cutsToJson) } : {}),
    calibration: Array.from(calibration, scoreToJson),
  };
}

function cutsToJson({ unknown, ask }: Cuts): CutsJson {
  return { unknown: scoreToJson(unknown), ...(ask === undefined ? {} : { ask: scoreToJson(ask) }) };
}

function scoreToJson(score: number): JsonScore {
  if (score === Infinity) return "Infinity";
  return score === -Infinity ? "-Infinity" : shortestFloat32(score);
}

/**
 * A decision from its JSON form.
 *
 * @param value  what `JSON.parse` gave
 * @throws OAL-E212 when it is none
 */
export function decisionFromJson(value: unknown): Decision {
  const fault = aDecisionJson.fault(value, "decision");
  if (fault || !isDecisionJson(value))
    throw oalError("OAL-E212", {
      problem: `${fault?.argument ?? "decision"} must be ${fault?.wanted ?? ""}`,
    });
  const { detector, target, kept, count, cuts, perClass, calibration } = value;
  const decision: Decision = {
    detector,
    target,
    kept,
    count,
    calibration: Float32Array.from(calibration, Number),
    cuts: cutsFromJson(cuts),
    ...(perClass ? { perClass: perClass.map(cutsFromJson) } : {}),
  };
  const stored = decision.calibration;
  if (
    stored.length === 0 ||
    stored.length > count ||
    stored.some((each, i) => each < (stored[i - 1] ?? each))
  )
    throw oalError("OAL-E212", {
      problem: `${stored.length} calibration scores of ${count}, not all ascending`,
    });
  return decision;
}

function cutsFromJson({ unknown, ask }: CutsJson): Cuts {
  return {
    unknown: Math.fround(Number(unknown)),
    ...(ask === undefined ? {} : { ask: Math.fround(Number(ask)) }),
  };
}

const jsonScore = kind(
  'a number, "Infinity" or "-Infinity"',
  (value) => Number.isFinite(value) || value === "Infinity" || value === "-Infinity",
);
const cutFields = (score: typeof jsonScore): typeof jsonScore =>
  kinds.fields({ unknown: score, ask: kinds.optional(score) });
const share = kind("a share in (0, 1]", (value) => typeof value === "number" && value > 0 && value <= 1);
const head = { detector: kinds.name, target: share, kept: share, count: kinds.positiveCount };

/** A decision as an argument. */
export const aDecision = kinds.fields({
  ...head,
  calibration: kinds.float32,
  cuts: cutFields(kinds.number),
  perClass: kinds.optional(kinds.listOf(cutFields(kinds.number))),
});

const aDecisionJson = kinds.fields({
  ...head,
  calibration: kinds.listOf(jsonScore),
  cuts: cutFields(jsonScore),
  perClass: kinds.optional(kinds.listOf(cutFields(jsonScore))),
});

function isDecisionJson(value: unknown): value is DecisionJson {
  return aDecisionJson.fault(value, "decision") === null;
}
