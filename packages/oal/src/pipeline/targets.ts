/** What a command asks for. */
import "./stages/index.js";
import type { Configuration } from "./configuration/schema.js";
import { leadingTo } from "./plan/stages.js";

/** The stages to plan for when `until` is the last one wanted; `oal evaluate` measures the teacher too, where there is one. */
export function targetsOf(until: string, config: Configuration): string[] {
  if (until === "data") return [];
  const taught = until === "evaluation" && leadingTo(config, [until]).includes("teacher");
  return taught ? [until, "teacher:test"] : [until];
}
