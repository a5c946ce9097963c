/** The threshold that turns a confidence into "known" or "unknown". */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { assertScores } from "../metrics/ranking.js";

/** A threshold and what it keeps. */
export interface Threshold {
  /** Known when confidence >= value. */
  readonly value: number;
  /** Fraction of the ID validation samples it keeps; above the wanted one when scores tie. */
  readonly kept: number;
  /** Number of validation samples it rests on. */
  readonly count: number;
}

/**
 * The largest threshold that still calls at least `keep` of the ID validation samples known.
 *
 * @param confidence  confidences of ID validation samples [n]
 * @param keep  fraction in (0, 1]; default 0.95, the field's operating point
 * @throws OAL-E101 (a confidence is NaN), OAL-E102 (no sample), OAL-E210 (keep is not in (0, 1])
 * @example calibrateThreshold([1, 2, 3, 4], 0.5)   // { value: 3, kept: 0.5, count: 4 }
 */
export function calibrateThreshold(confidence: ArrayLike<number>, keep = 0.95): Threshold {
  expectArguments("calibrateThreshold", {
    confidence: [confidence, kinds.numbers],
    keep: [keep, kinds.number],
  });
  if (!(keep > 0 && keep <= 1)) throw oalError("OAL-E210", { keep });
  const count = confidence.length;
  if (count === 0) throw oalError("OAL-E102", { metric: "threshold", side: "ID" });
  assertScores(confidence, "threshold");
  const sorted = Float64Array.from(confidence).sort().reverse();
  let rank = Math.min(count, Math.max(1, Math.floor(keep * count)));
  while (rank < count && rank / count < keep) rank++;
  const value = sorted[rank - 1] ?? 0;
  let kept = rank;
  while (kept < count && sorted[kept] === value) kept++;
  return { value, kept: kept / count, count };
}
