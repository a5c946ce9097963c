/** What a command asks for. */
import type { Configuration } from "./configuration/schema.js";
import type { StageName } from "./runTypes.js";

/** The stages to plan for when `until` is the last one wanted; `oal evaluate` measures the teacher too, where there is one. */
export function targetsOf(until: StageName, { methods }: Configuration): string[] {
  if (until === "data") return [];
  const taught = methods.some((method) => method !== "ce");
  return until === "evaluation" && taught ? [until, "teacher:test"] : [until];
}
