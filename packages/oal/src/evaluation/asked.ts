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

/**
 * The detectors of a list, in its order.
 *
 * @throws OAL-E201 for an unknown one, OAL-E243 for one that is named twice
 */
export function askedDetectors(choices: readonly DetectorChoice[]): AskedDetector[] {
  const asked = choices.map((choice): AskedDetector => {
    const { id, parameters = {} } = typeof choice === "string" ? { id: choice } : choice;
    return { detector: detectors.find(id), parameters };
  });
  asked.forEach(({ detector }, i) => {
    if (asked.findIndex((other) => other.detector === detector) < i)
      throw oalError("OAL-E243", { detector: detector.id });
  });
  return asked;
}
