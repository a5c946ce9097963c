/** What is said of features below 0, for detectors whose formula takes them for activations behind a ReLU. */
import type { Detector } from "oal-core";
import type { OutputSet } from "./outputs.js";

/** Images that are looked at: the first ones of a known set. */
const lookedAt = 256;
/** The share of features below 0 that is told. */
const notable = 0.01;

/**
 * A sentence where a detector takes features to be at least 0 and these are not.
 *
 * @returns none where the detector takes any, or no features are kept
 */
export function signWarnings({ id, assumesPositive }: Detector, sets: readonly OutputSet[]): string[] {
  const set = sets.find(
    ({ group, labels, features }) =>
      (group === "train" || group === "validation") && labels.length > 0 && features.width > 0,
  );
  if (!assumesPositive || !set) return [];
  const rows = set.features.read(0, Math.min(lookedAt, set.features.count));
  const below = rows.reduce((count, value) => count + (value < 0 ? 1 : 0), 0) / rows.length;
  if (!(below >= notable)) return [];
  return [
    `${id}: ${Math.round(100 * below)} % of the features are below 0, as behind a GELU or in a transformer; its formula takes them for activations of at least 0, so what it says here means little`,
  ];
}
