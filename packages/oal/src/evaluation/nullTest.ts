/** What a null test says of a detector whose cut is calibrated with the images that it was fitted on. */
import { combinationId, type FittedDetector } from "oal-core";
import type { EvaluationResult } from "./result.js";

/**
 * One sentence for every detector that is fitted on the validation images and finds them other than test images of the same classes: its
 * cut, which they calibrate, then keeps another share of new known images than it promises.
 *
 * @param fitted  the detectors of the result
 */
export function nullTestWarnings(
  fitted: readonly FittedDetector[],
  { detectors, combination }: Pick<EvaluationResult, "detectors" | "combination">,
): string[] {
  const own = fitted.flatMap(({ detector, parameters }) =>
    detector.fitOn(parameters) === "validation" ? [detector.id] : [],
  );
  const members = combination?.steps.filter((step) => own.includes(step.detector)) ?? [];
  const looked = members.length > 0 ? [...own, combinationId] : own;
  return detectors.flatMap(({ id, nullTest }) => {
    const interval = nullTest?.interval;
    if (!nullTest || !interval || !looked.includes(id)) return [];
    const [low, high] = interval;
    if (low <= 0.5 && high >= 0.5) return [];
    const isHigh = nullTest.auroc < 0.5;
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    return [
      `${id}: it is fitted on the validation images, and they look ${isHigh ? "more" : "less"} known to it than test images of the same classes (AUROC of test against validation ${percent(nullTest.auroc)}, 50 % where they are alike): its cut, which they calibrate, keeps ${isHigh ? "fewer" : "more"} of new known images than it promises`,
    ];
  });
}
