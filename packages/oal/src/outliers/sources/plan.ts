/** What the sources of a run come to: a source with the sources that it is made of, their stages, sections and refusals. */
import { oalError } from "oal-core";
import type { MethodSettings } from "../../training/methods/method.js";
import type { OutlierPictures } from "../../training/side/outliers.js";
import { keptShares } from "../auditOptions.js";
import { chosenPictures, readChoice } from "./choice.js";
import { outlierSources } from "./index.js";
import type { OutlierRequest, OutlierSource, SourceUse } from "./source.js";
import { sharesOf, unionId } from "./union.js";

/** A source and everything that it is made of. */
export interface SourcePlan {
  /** The source, then its members and theirs, each once. */
  readonly sources: readonly OutlierSource[];
  /** Those of them that pictures come from: all that have no members. */
  readonly origins: readonly OutlierSource[];
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
  const origins = new Set<OutlierSource>();
  const visit = (each: string, within: readonly string[]): boolean => {
    const path = [...within, each];
    if (within.includes(each)) throw oalError("OAL-D180", { path: path.join(" of ") });
    const source = outlierSources.find(each);
    found.set(each, source);
    const members = source.members(settings);
    if (members.length > 0) return members.map((member) => visit(member, path)).every(Boolean);
    origins.add(source);
    return source.hasTeacherLogits || keptShares(settings, each) !== undefined;
  };
  const hasTeacherLogits = visit(id, []);
  const sources = [...found.values()];
  const isKept = [...origins].some((origin) => keptShares(settings, origin.id) !== undefined);
  return {
    sources,
    origins: [...origins],
    stages: [...new Set(sources.flatMap((source) => source.stages(settings)))],
    sections: [...sources.flatMap(({ section }) => section ?? []), ...(isKept ? ["keep"] : [])],
    hasTeacherLogits,
  };
}

/** Why a source or one of its members gives no outliers; null: all do. */
export function refusalOf({ sources }: SourcePlan, use: SourceUse, settings: MethodSettings): string | null {
  for (const source of sources) {
    const problem = source.refuses(use, settings);
    if (problem === null) continue;
    const union = sources.find((each) => each.id === unionId && each.members(settings).includes(source.id));
    const others = union
      ? Object.entries(sharesOf(settings)).filter(([id, share]) => id !== source.id && share > 0)
      : [];
    const shares = others.map(([id, share]) => `${id}: ${share}`).join(", ");
    const hint = shares === "" ? "" : `; leave it out with --set 'union.members={${shares}}'`;
    return `"${source.id}" gives no outliers here: ${problem}${hint}`;
  }
  return null;
}

/** The stage that looks at the pictures of a source. */
export function auditStageOf(id: string): string {
  return `outliers:${id}`;
}

/** How a source is opened. */
export type Opening = Omit<OutlierRequest, "open">;

/**
 * Opens a source, and its members where it asks for them: of each what its audit has left, where it had one.
 *
 * @throws OAL-I111 and other errors of damaged artifacts
 */
export function openSource(id: string, request: Opening, settings: MethodSettings): Promise<OutlierPictures> {
  const open = async (each: string): Promise<OutlierPictures> => {
    const audited = request.folders[auditStageOf(each)];
    const choice = audited === undefined ? undefined : await readChoice(audited);
    const { seed = request.seed } = choice ?? {};
    const pictures = await outlierSources.find(each).open({ ...request, seed, open }, settings);
    return choice ? chosenPictures(pictures, choice) : pictures;
  };
  return open(id);
}
