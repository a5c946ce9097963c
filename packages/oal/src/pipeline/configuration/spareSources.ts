/** Settings of outlier sources that nobody is shown. */
import { oalError } from "oal-core";
import { outlierSources } from "../../outliers/sources/index.js";
import { planSource } from "../../outliers/sources/plan.js";
import { exposureOptions } from "../../training/methods/exposure.js";
import type { GivenOverride } from "./given.js";
import { isRecord } from "./merge.js";
import type { Configuration } from "./schema.js";

/**
 * Refuses keys on top of a file that are about sources which the run does not have; a file may hold them for other runs.
 *
 * @throws OAL-C202 for `folder.path`, `union.members`, `keep.sources.phase` and the like where students are shown something else
 */
export function refuseSpareSources(configuration: Configuration, overrides: readonly GivenOverride[]): void {
  const { outliers } = exposureOptions(configuration);
  const { sources, origins } = planSource(outliers, configuration);
  const read = new Set(sources.flatMap(({ section }) => section ?? []));
  const spare = new Set(
    outlierSources.all.flatMap(({ section }) =>
      section !== undefined && !read.has(section) ? [section] : [],
    ),
  );
  const shown = origins.map(({ id }) => id);
  const members = shown.length > 1 || shown[0] !== outliers ? `, which is ${shown.join(", ")}` : "";
  for (const { key, value, where } of overrides) {
    const [section = "", ...rest] = key.split(".");
    const kept = section === "keep" ? keptOf(rest, value).find((id) => !shown.includes(id)) : undefined;
    if (!spare.has(section) && kept === undefined) continue;
    throw oalError("OAL-C202", {
      at: kept === undefined ? key : `keep.sources.${kept}`,
      where,
      problem: `has no effect with exposure.outliers: ${outliers}${members}; name its source there, or leave it out`,
    });
  }
}

/** The sources that an override in section `keep` bounds. */
function keptOf([name, id]: readonly string[], value: unknown): readonly string[] {
  if (id !== undefined) return name === "sources" ? [id] : [];
  const sources =
    name === "sources" ? value : name === undefined && isRecord(value) ? value["sources"] : undefined;
  return isRecord(sources) ? Object.keys(sources) : [];
}
