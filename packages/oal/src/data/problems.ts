/** What is wrong with data, as data: every problem of a source at once, and one error that tells them all. */
import { oalError, OalError } from "oal-core";
import { foreignLabel } from "./labels.js";
import type { OpenSource, SourceSpec } from "./readers/reader.js";

/** A source as people write it: its list, or its path with the part; with the limit, which may be why something lacks. */
export function placeOf({ path, list, split, limit }: SourceSpec): string {
  const place = list ?? (split === undefined ? path : `${path}#${split}`);
  return limit === undefined ? place : `${place} (limit ${limit})`;
}

/** Images of every class of a source. */
export function classCounts({ labels, classNames }: Pick<OpenSource, "labels" | "classNames">): number[] {
  const counts = classNames.map(() => 0);
  for (const label of labels) if (label in counts) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/**
 * Everything that keeps an opened source from being used as it is asked for: what its reader found, images of no class, classes without
 * an image, fewer than two classes. None for a set of unknowns that could be opened.
 */
export function sourceProblems(
  source: Pick<OpenSource, "labels" | "ids" | "classNames" | "problems">,
  spec: SourceSpec,
): OalError[] {
  const problems = [...(source.problems ?? [])];
  if (spec.labels === "ood") return problems;
  const { labels, ids, classNames } = source;
  const place = placeOf(spec);
  // a reader that knows better where a label stands has named it
  const named = problems.some(({ code }) => code === "OAL-D108" || code === "OAL-D141");
  const foreign = named
    ? undefined
    : foreignLabel(labels, classNames.length, (i) => `${place}, ${ids[i] ?? i}`);
  if (foreign) problems.push(foreign);
  const counts = classCounts(source);
  const empty = classNames.filter((_, label) => counts[label] === 0);
  if (empty.length > 0) problems.push(oalError("OAL-D104", { path: place, classNames: empty }));
  const [only] = classNames;
  if (only !== undefined && classNames.length === 1)
    problems.push(oalError("OAL-D105", { path: place, className: only }));
  return problems;
}

/**
 * Throws what was found, if anything was: one problem as itself, several as OAL-D140 that lists them.
 *
 * @param what  that cannot be used, such as a path
 */
export function throwProblems(problems: readonly OalError[], what: string): void {
  const [first, ...more] = problems;
  if (first === undefined) return;
  if (more.length === 0) throw first;
  throw oalError("OAL-D140", {
    what,
    problems: problems.map(({ code, message, remedy, details }) => ({
      code,
      lines: message.split("\n"),
      remedy,
      details,
    })),
  });
}

/** Runs `body`; an error about data or configuration becomes a problem in `problems` and the result undefined. */
export async function collecting<T>(
  problems: OalError[],
  body: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof OalError) || !/^OAL-[CDT]/.test(error.code)) throw error;
    problems.push(error);
    return undefined;
  }
}
