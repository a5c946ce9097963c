/** By which detectors the points of a search are compared. */
import { detectors, oalError } from "oal-core";
import { askedDetectors } from "../../evaluation/asked.js";
import type { Configuration } from "../configuration/schema.js";
import { measuredDetectors } from "../recipeNeeds.js";
import { pointName, type Candidate } from "./candidates.js";

/**
 * The detectors to compare by: those that are asked for, or the one that decides (`evaluation.scoreDetector`). Each must be measured at
 * every point, as one that is listed or as one that reads a head which its student trains.
 *
 * @param asked names of detectors; undefined: none were given
 * @throws OAL-E201 for one that does not exist, OAL-C305 naming a point that it is not measured at
 */
export function judgesOf(
  { evaluation }: Configuration,
  asked: readonly string[] | undefined,
  candidates: readonly Candidate[],
): readonly string[] {
  const wanted = asked?.map((name) => detectors.find(name).id) ?? [evaluation.scoreDetector];
  for (const candidate of candidates) {
    const [method = ""] = candidate.config.methods;
    const measured = askedDetectors(measuredDetectors(method, candidate.config)).map(
      ({ detector }) => detector.id,
    );
    const missing = wanted.find((id) => !measured.includes(id));
    if (missing === undefined) continue;
    throw oalError("OAL-C305", {
      problem: `the detector ${missing} is not among those of the point ${pointName(candidate)}: ${measured.join(", ")} (evaluation.detectors, and those of heads that its student trains)`,
    });
  }
  return wanted;
}
