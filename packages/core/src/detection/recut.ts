/** Another keep rate for a calibrated decision, from the calibration scores that it has stored. */
import { expectArguments, kind } from "../errors/index.js";
import { aDecision, pValueTable, type Decision } from "./decision.js";

const aKeep = kind("a share in (0, 1)", (value) => typeof value === "number" && value > 0 && value < 1);
/** 0.95 * 20 must count as 19 whatever its last bit. */
const lastBits = 1e-9;

/**
 * The decision with its cut where "known" is the same as a p value above 1 - keep. The cut `ask` stays where it is; where the new cut
 * lies above it, no picture is asked about.
 *
 * @param decision without cuts of classes of their own: what those were calibrated on is not stored
 * @param keep share of known pictures to keep, in (0, 1)
 * @returns null where the number of calibration scores is too small for the promise: at most n / (n + 1) can be kept
 * @example recutDecision(makeDecision([1, 2, 3, 4], { detector: "ebo" }), 0.6)?.cuts   // { unknown: 2 }
 */
export function recutDecision(decision: Decision, keep: number): Decision | null {
  const pooled = kind("a decision with one cut for all classes", () => decision.perClass === undefined);
  expectArguments("recutDecision", { decision: [decision, aDecision], keep: [keep, aKeep] });
  expectArguments("recutDecision", { decision: [decision, pooled] });
  const { calibration, cuts } = decision;
  const reached = pValueTable(decision).findIndex((pValue) => pValue > 1 - keep + lastBits);
  const unknown = calibration[reached - 1];
  if (unknown === undefined) return null;
  const first = calibration.findIndex((score) => score >= unknown);
  return {
    ...decision,
    target: keep,
    kept: (calibration.length - first) / calibration.length,
    cuts: { ...cuts, unknown },
  };
}
