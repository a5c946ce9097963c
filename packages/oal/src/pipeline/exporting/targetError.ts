/** Why an export could not be written. */
import { oalError } from "oal-core";
import { systemProblem } from "../../runtime/systemError.js";

/** OAL-I161 for an error of the system; every other error is returned as it is, ready to be thrown. */
export function targetError(target: string, error: unknown): Error {
  const problem = systemProblem(error);
  if (problem !== undefined) return oalError("OAL-I161", { path: target, problem }, error);
  return error instanceof Error ? error : new Error(String(error));
}
