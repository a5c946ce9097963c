/** The detectors that an evaluation is asked for. */
import { detectors, oalError, type Detector } from "oal-core";

/** A detector by id or alias, with parameters other than the defaults. */
export type DetectorChoice =
  string | { readonly id: string; readonly parameters?: Readonly<Record<string, unknown>> | undefined };

/** A detector asked for, with the parameters that the user gave. */
export interface AskedDetector {
  readonly detector: Detector;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The word that stands for every detector that is not named beside it. */
export const everyDetector = "all";

/**
 * The detectors of a list, in its order; "all" stands for every one that the list does not name itself.
 *
 * @throws OAL-E201 for an unknown one, OAL-E243 for one that is named twice
 */
export function askedDetectors(choices: readonly DetectorChoice[]): AskedDetector[] {
  const named = choices.flatMap((choice): AskedDetector[] => {
    if (choice === everyDetector) return [];
    const { id, parameters = {} } = typeof choice === "string" ? { id: choice } : choice;
    return [{ detector: detectors.find(id), parameters }];
  });
  named.forEach(({ detector }, i) => {
    if (named.findIndex((other) => other.detector === detector) < i)
      throw oalError("OAL-E243", { detector: detector.id });
  });
  if (!choices.includes(everyDetector)) return named;
  const rest = detectors.all.filter((detector) => !named.some((each) => each.detector === detector));
  return [...named, ...rest.map((detector) => ({ detector, parameters: {} }))];
}
