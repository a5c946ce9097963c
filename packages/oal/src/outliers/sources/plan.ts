/** What the sources of a run come to: a source with the sources that it is made of, their stages, sections and refusals. */
import { oalError } from "oal-core";
import type { MethodSettings } from "../../training/methods/method.js";
import type { OutlierPictures } from "../../training/side/outliers.js";
import { outlierSources } from "./index.js";
import type { OutlierRequest, OutlierSource, SourceUse } from "./source.js";

/** A source and everything that it is made of. */
export interface SourcePlan {
  /** The source, then its members and theirs, each once. */
  readonly sources: readonly OutlierSource[];
  /** Names of all stages whose artifacts they read, each once. */
  readonly stages: readonly string[];
  /** Sections of the configuration that they read. */
  readonly sections: readonly string[];
  /** Whether the teacher's logits on every picture are known before the training. */
  readonly hasTeacherLogits: boolean;
}

/**
 * Plans a source.
 *
 * @param id of a source
 * @param settings the sections of a configuration
 * @throws OAL-C204 for a source that does not exist, OAL-D180 for one that is a member of itself
 */
export function planSource(id: string, settings: MethodSettings): SourcePlan {
  const found = new Map<string, OutlierSource>();
  const visit = (each: string, within: readonly string[]): boolean => {
    const path = [...within, each];
    if (within.includes(each)) throw oalError("OAL-D180", { path: path.join(" of ") });
    const source = outlierSources.find(each);
    found.set(each, source);
    const members = source.members(settings);
    const known = members.map((member) => visit(member, path));
    return members.length === 0 ? source.hasTeacherLogits : known.every(Boolean);
  };
  const hasTeacherLogits = visit(id, []);
  const sources = [...found.values()];
  return {
    sources,
    stages: [...new Set(sources.flatMap((source) => source.stages(settings)))],
    sections: sources.flatMap(({ section }) => section ?? []),
    hasTeacherLogits,
  };
}

/** Why pictures of a source or of one of its members would be no outliers; null: they would be. */
export function refusalOf({ sources }: SourcePlan, use: SourceUse): string | null {
  for (const source of sources) {
    const problem = source.refuses(use);
    if (problem !== null) return `"${source.id}" are no outliers here: ${problem}`;
  }
  return null;
}

/**
 * Opens a source, and its members where it asks for them.
 *
 * @throws OAL-I111 and other errors of damaged artifacts
 */
export function openSource(
  id: string,
  request: Omit<OutlierRequest, "open">,
  settings: MethodSettings,
): Promise<OutlierPictures> {
  const open = (each: string): Promise<OutlierPictures> =>
    outlierSources.find(each).open({ ...request, open }, settings);
  return open(id);
}
