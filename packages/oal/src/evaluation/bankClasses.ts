/** What a bank of a few images of a sorted list is: one of a few classes. */
import type { Detector } from "oal-core";
import type { OutputSet } from "./outputs.js";

/** The share of the classes that a bank has room for below which its user is told. */
const leastShare = 0.5;

/**
 * A sentence where a detector's bank holds images of far fewer classes than it has room for: the first images of a list that is sorted by
 * class. What is near to no row of it says little then.
 */
export function bankWarnings(
  detector: Detector,
  parameters: Readonly<Record<string, unknown>>,
  sets: readonly OutputSet[],
): string[] {
  const { id, bank } = detector;
  const on = detector.fitOn(parameters);
  const labels = sets.find(({ group }) => group === on)?.labels;
  if (!bank || !labels) return [];
  const classesOf = (of: ArrayLike<number>): number =>
    new Set(Array.from(of).filter((label) => label >= 0)).size;
  const held = bank.held(labels.length, parameters);
  if (held.length === labels.length) return [];
  const [own, all] = [classesOf(held.map((image) => labels[image] ?? -1)), classesOf(labels)];
  if (own >= leastShare * Math.min(all, held.length)) return [];
  return [
    `${id}: its bank has ${held.length} of ${labels.length} images, of ${own} of ${all} classes, as the images are sorted by class; oal explain ${id} says which parameter changes that`,
  ];
}
