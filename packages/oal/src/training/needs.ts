/** What the methods of a training need, against what it has. */
import type { ClassifierSideData } from "./classifier.js";
import { lacking, type MethodSettings, type Need, type TrainingMethod } from "./methods/method.js";

/**
 * The side data that the methods need.
 *
 * @throws OAL-T110 naming the first method that needs something that is not given
 */
export function neededOf(
  methods: readonly TrainingMethod[],
  settings: MethodSettings,
  side: ClassifierSideData,
): ReadonlySet<Need> {
  const needs = new Set<Need>();
  for (const method of methods) {
    for (const need of method.needs(settings)) {
      const given = need === "teacher" ? (side.teacherTable ?? side.teacherNetwork) : side[need];
      if (given === undefined) throw lacking(method.id, need);
      needs.add(need);
    }
  }
  return needs;
}
