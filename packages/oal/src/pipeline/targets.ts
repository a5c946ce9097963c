/** What a command asks for. */
import { makesPictures } from "../outliers/synthesisOptions.js";
import "./stages/index.js";
import type { Configuration } from "./configuration/schema.js";
import { leadingTo } from "./plan/stages.js";
import { auditedSources } from "./recipeNeeds.js";
import { seedsOf } from "./seeds.js";

/**
 * The stages to plan for when `until` is the last one wanted; `oal evaluate` measures the teacher too, where there is one, and where
 * nothing looks at outliers, or latents are not made into pictures, they end with their latents.
 */
export function targetsOf(until: string, config: Configuration): string[] {
  if (until === "data") return [];
  const nothingToLookAt = !makesPictures(config.synthesis) || auditedSources(config).length === 0;
  if (until === "outliers" && nothingToLookAt) return ["latents"];
  if (until !== "evaluation") return [until];
  return [
    until,
    ...(leadingTo(config, [until]).includes("teacher") ? ["teacher:test"] : []),
    // what was measured over several seeds is their mean
    ...(seedsOf(config).seeds.length > 1 ? ["comparison"] : []),
  ];
}
