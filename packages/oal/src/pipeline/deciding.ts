/** Which of a run's students decides. */
import { oalError } from "oal-core";
import type { MethodName } from "./runTypes.js";

/** The student whose model decides in `oal score` unless another is named: the last of the methods that is there. */
export function decidingMethod(methods: readonly MethodName[]): MethodName {
  const found = (["oal", "kd", "ce"] as const).find((method) => methods.includes(method));
  if (found === undefined) throw oalError("OAL-X101", { problem: "a run without methods" });
  return found;
}
