/** A decision as part of a graph, so that a file alone says "known": its cuts and p values are named initialisers. */
import { expectArguments } from "../errors/index.js";
import {
  argMax,
  cast,
  float32Tensor,
  gather,
  greater,
  greaterOrEqual,
  reduceSum,
  unsqueeze,
  type Value,
} from "../graph/index.js";
import { aValue } from "../graph/ops/operands.js";
import { aDecision, pValueTable, type Cuts, type Decision } from "./decision.js";

/** What a decision says of a batch. */
export interface DecisionValues {
  /** bool [N]; false for a score that is NaN. */
  readonly known: Value;
  /** bool [N]: known, but below the cut `ask`; absent where there is no such cut. */
  readonly ask?: Value;
  /** float32 [N], in (0, 1]. */
  readonly pValue: Value;
}

/**
 * Adds a decision to a graph: what `decide` says, for a batch of scores. The cuts and calibration scores become
 * initialisers "threshold.DETECTOR", "threshold.ask.DETECTOR", "calibration.DETECTOR" and "pValues.DETECTOR".
 *
 * @param score float32 [N], a detector's confidence
 * @param logits float32 [N, C]; tells the predicted class where the decision has cuts per class
 * @example const { known, pValue } = attachDecision(score, logits, decision);
 */
export function attachDecision(score: Value, logits: Value, decision: Decision): DecisionValues {
  expectArguments("attachDecision", {
    score: [score, aValue],
    logits: [logits, aValue],
    decision: [decision, aDecision],
  });
  const { graph } = score;
  const { detector, calibration, cuts } = decision;
  const constant = (name: string, shape: readonly number[], values: ArrayLike<number>): Value =>
    graph.constant(float32Tensor(shape, values), `${name}.${detector}`);
  const cutOf = (name: string, cut: (cuts: Cuts) => number): Value =>
    decision.perClass
      ? gather(constant(name, [decision.perClass.length], decision.perClass.map(cut)), argMax(logits, 1))
      : constant(name, [1], [cut(cuts)]);
  return graph.scope(`decision.${detector}`, () => {
    const known = greaterOrEqual(
      score,
      cutOf("threshold", ({ unknown }) => unknown),
    );
    const bank = constant("calibration", [1, calibration.length], calibration);
    const reached = cast(greaterOrEqual(unsqueeze(score, [1]), bank), "float32");
    const below = cast(reduceSum(reached, [1], false), "int64");
    const pValue = gather(constant("pValues", [calibration.length + 1], pValueTable(decision)), below);
    const asks = cuts.ask !== undefined || decision.perClass?.some(({ ask }) => ask !== undefined) === true;
    if (!asks) return { known, pValue };
    const sure = greaterOrEqual(
      score,
      cutOf("threshold.ask", ({ unknown, ask = unknown }) => ask),
    );
    return { known, pValue, ask: greater(cast(known, "float32"), cast(sure, "float32")) };
  });
}
