/** Outlier sources for `oal list outliers`: formula, origin, how they are made, and what can be set, with the reasons of the defaults. */
import { outlierSources } from "../../outliers/sources/index.js";
import type { OutlierSource } from "../../outliers/sources/source.js";
import type { Listed } from "./list.js";
import { parametersOf } from "./listedParameters.js";

/** Every source, with its options under the names that a configuration has them by. */
export function listedOutliers(): Listed[] {
  return outlierSources.all.map((source) => ({
    id: source.id,
    title: source.title,
    source: source.source,
    formula: source.formula,
    made: madeHow(source),
    parameters: parametersOf(source),
  }));
}

function madeHow(source: OutlierSource): string {
  const members = source.members({});
  const stages = source.stages({});
  if (members.length > 0) return `made of other sources; by default ${members.join(", ")}`;
  return stages.length === 0
    ? "made in the batch, anew in every step; no stage"
    : `made before the training, by stage ${stages.join(", ")}`;
}
