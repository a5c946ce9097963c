/** Which of a run's students decides. */
import { oalError } from "oal-core";
import { recipes } from "../training/recipes/index.js";

/** The recipe whose model decides in `oal score` unless another is named: the last one, in the order of listings, that is there. */
export function decidingMethod(methods: readonly string[]): string {
  const found = recipes.ids.findLast((id) => methods.includes(id));
  if (found === undefined) throw oalError("OAL-X101", { problem: "a run without methods" });
  return found;
}
