/** The registry of detectors: an array of imported objects, in the order of tables. A new detector is one file and one line here. */
import { expectArguments, kinds, oalError, suggest } from "../../errors/index.js";
import type { Detector } from "../detector.js";
import { ebo } from "./ebo.js";
import { knn } from "./knn.js";
import { mls } from "./mls.js";
import { msp } from "./msp.js";

/** Every detector oal knows. */
export const detectors: readonly Detector[] = [msp, mls, ebo, knn];

/**
 * A detector by its id or one of its aliases (exact).
 *
 * @throws OAL-E201 for an unknown name, with the nearest known one
 */
export function findDetector(id: string): Detector {
  expectArguments("findDetector", { id: [id, kinds.text] });
  const found = detectors.find((detector) => detector.id === id || detector.aliases.includes(id));
  if (found !== undefined) return found;
  const known = detectors.flatMap((detector) => [detector.id, ...detector.aliases]);
  throw oalError("OAL-E201", { id, near: suggest(id, known) });
}

export { ebo, knn, mls, msp };
