/** Defaults that follow the data: ranks among neighbours, numbers of dimensions. */
import type { Detector } from "oal-core";
import type { OutputSet } from "./outputs.js";

/** A default that is another one here, and why. */
export interface DataDefault {
  readonly value: number;
  /** A clause: "the smallest class has 30 images to fit on". */
  readonly because: string;
}

/**
 * The defaults that data change: at least so many dimensions as classes ask for, at most a share of the smallest class, of all images or of
 * the features.
 *
 * @param given  parameters that the user fixed, which stay
 * @returns by parameter, those that differ from the usual one
 */
export function dataDefaults(
  detector: Detector,
  given: Readonly<Record<string, unknown>>,
  sets: readonly OutputSet[],
): Readonly<Record<string, DataDefault>> {
  const on = detector.fitOn(given);
  const fitted = sets.find((set) => set.group === on);
  if (!fitted || fitted.labels.length === 0) return {};
  const { count: smallest, what } = smallestClass(fitted.labels);
  const all = fitted.labels.length;
  const features = fitted.features.width;
  const classes = fitted.logits.width;
  const changed: Record<string, DataDefault> = {};
  for (const [name, parameter] of Object.entries(detector.parameters)) {
    const { classShare, setShare, featureShare, beyondClasses, default: usual } = parameter;
    if (name in given || typeof usual !== "number") continue;
    const reasons: string[] = [];
    let value = usual;
    const settle = (next: number, because: string): void => {
      value = next;
      reasons.push(because);
    };
    if (beyondClasses !== undefined && classes + beyondClasses > value)
      settle(classes + beyondClasses, `there are ${classes} classes`);
    const atMost = (share: number, count: number, because: string): void => {
      const most = Math.max(1, Math.floor(share * count));
      if (most < value) settle(most, because);
    };
    const has = (count: number): string => `has ${count} ${count === 1 ? "image" : "images"} to fit on`;
    if (classShare !== undefined) atMost(classShare, smallest, `${what} ${has(smallest)}`);
    if (setShare !== undefined) atMost(setShare, all, `the set ${has(all)}`);
    if (featureShare !== undefined) atMost(featureShare, features, `a feature has ${features} numbers`);
    if (value !== usual) changed[name] = { value, because: reasons.join(" and ") };
  }
  return changed;
}

/** The images of the smallest class; of a set without classes, all of them. */
function smallestClass(labels: Int32Array): { readonly count: number; readonly what: string } {
  const counts = new Map<number, number>();
  for (const label of labels) if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  if (counts.size === 0) return { count: labels.length, what: "the set" };
  return { count: Math.min(...counts.values()), what: "the smallest class" };
}

/** The values alone. */
export function valuesOf(defaults: Readonly<Record<string, DataDefault>>): Record<string, number> {
  return Object.fromEntries(Object.entries(defaults).map(([name, { value }]) => [name, value]));
}

/** One sentence for each. */
export function defaultSentences(
  detector: Detector,
  defaults: Readonly<Record<string, DataDefault>>,
): string[] {
  return Object.entries(defaults).map(([name, { value, because }]) => {
    const usual = String(detector.parameters[name]?.default);
    return `${detector.id}: ${name} is ${value} instead of ${usual}, because ${because}`;
  });
}
