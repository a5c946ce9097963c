/** What a decision lets through, image by image: the answer of `decide` without its checks, for sets of any size. */
import type { Decision } from "oal-core";
import type { SetScores } from "./result.js";

/** Whether each image of a set is called known, by the cut of its predicted class where the decision has cuts per class. */
export function acceptedBy(
  decision: Decision,
  set: Pick<SetScores, "confidence" | "predictions">,
): boolean[] {
  const { cuts, perClass } = decision;
  return Array.from(
    set.confidence[decision.detector] ?? [],
    (score, image) => Math.fround(score) >= (perClass?.[set.predictions[image] ?? -1] ?? cuts).unknown,
  );
}

/** The least and the largest cut of the classes; undefined where one cut decides for all. */
export function classCutRange({ perClass }: Decision): readonly [least: number, most: number] | undefined {
  if (perClass === undefined || perClass.length === 0) return undefined;
  let [least, most] = [Infinity, -Infinity];
  for (const { unknown } of perClass) [least, most] = [Math.min(least, unknown), Math.max(most, unknown)];
  return [least, most];
}
