/** Which detectors a model file holds, each with its decision. */
import { bankBytes, combinationId, detectors as allDetectors, largestBankInGraph } from "oal-core";
import type { DecidingDetector } from "../../bundle/index.js";
import type { Evaluation } from "../../evaluation/evaluate.js";
import type { StageJob } from "../plan/stage.js";
import { ownDetectors } from "../recipeNeeds.js";

/** The detectors of a model file. */
export interface ModelDetectors {
  /** Id of the one that decides. */
  readonly decides: string;
  readonly detectors: readonly DecidingDetector[];
}

/**
 * The detector that decides, those of `evaluation.storedDetectors` and those of heads that the student's training made, and the combination of detectors where one was chosen. One whose bank is too large for a file gives way to its
 * variant with a sampled bank, which was measured under a name of its own; one that could not be fitted, to the first that was.
 *
 * @param largestBank largest bank that a file may hold, in bytes
 */
export function modelDetectors(
  { config, events, variant }: Pick<StageJob, "config" | "events" | "variant">,
  { result, fitted }: Pick<Evaluation, "result" | "fitted">,
  largestBank = largestBankInGraph,
): ModelDetectors {
  const { scoreDetector, storedDetectors } = config.evaluation;
  const available = fitted.flatMap((each): DecidingDetector[] => {
    const decision = result.detectors.find(({ id }) => id === each.detector.id)?.decision;
    const { bank } = each.fitted;
    return decision && !(bank && bankBytes(bank) > largestBank) ? [{ fitted: each, decision }] : [];
  });
  const ids = available.map((each) => each.fitted.detector.id);
  const stored = (name: string): string | undefined => {
    if (name === combinationId) return ids.find((each) => each === name);
    const { id } = allDetectors.find(name);
    return [id, `${id}-sampled`].find((each) => ids.includes(each));
  };
  const wanted = scoreDetector === combinationId ? scoreDetector : allDetectors.find(scoreDetector).id;
  const decides = stored(scoreDetector) ?? ids[0] ?? wanted;
  if (decides !== wanted) {
    events.warning(
      `${wanted} ${whyNot(wanted, decides, variant, config)}; the model decides with ${decides}`,
    );
  }
  const kept = new Set([
    decides,
    ...[...storedDetectors, ...ownDetectors(variant, config), combinationId].map(stored),
  ]);
  return { decides, detectors: available.filter(({ fitted: { detector } }) => kept.has(detector.id)) };
}

/** Why a detector does not decide: its bank, a head that the student lacks, or its fit. */
function whyNot(
  wanted: string,
  decides: string,
  variant: StageJob["variant"],
  config: StageJob["config"],
): string {
  if (decides === `${wanted}-sampled`) return "has a bank too large for a file";
  const needs = allDetectors.has(wanted) ? allDetectors.find(wanted).needs : [];
  const head = needs.find((tap) => tap.startsWith("heads."))?.slice("heads.".length);
  if (head !== undefined && !ownDetectors(variant, config).includes(wanted))
    return `needs the head "${head}", which this student does not train`;
  return "could not be fitted";
}
