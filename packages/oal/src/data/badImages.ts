/** Images that cannot be read, and what becomes of a set that has some. */
import { isOalError, oalError, type OalError } from "oal-core";
import { defaultMaxPixels } from "./pictures/limits.js";
import { placeOf } from "./problems.js";
import type { OpenSource, SourceSpec } from "./readers/reader.js";

/** An image that could not be read. */
export interface Skipped {
  readonly id: string;
  readonly problem: string;
  /** Width and height where there are too many pixels. */
  readonly pixels?: readonly [number, number] | undefined;
}

/** What is wrong with one image, without its name; any other error is thrown on. */
export function problemOfImage(error: unknown): Omit<Skipped, "id"> {
  if (isOalError(error, "OAL-D102")) return { problem: error.details.problem };
  if (!isOalError(error, "OAL-D123")) throw error;
  const { width, height, maxPixels } = error.details;
  return {
    problem: `${width} x ${height} pixels, more than the ${maxPixels} allowed`,
    pixels: [width, height],
  };
}

/** `limit` positions evenly spaced over 0 to count-1, all without a limit. */
export function spacedPositions(count: number, limit: number | undefined): number[] {
  const kept = Math.min(count, limit ?? count);
  return Array.from({ length: kept }, (_, i) => Math.floor((i * count) / kept));
}

/** The problem of a set or class that had images and lost them all by a limit or to unreadable ones. */
export function emptied(
  labels: readonly number[],
  source: OpenSource,
  spec: SourceSpec,
): OalError | undefined {
  const path = placeOf(spec);
  if (labels.length === 0) return oalError("OAL-D103", { path, what: "no image could be read" });
  const before = new Set(source.labels);
  const after = new Set(labels);
  const classNames = source.classNames.filter((_, label) => before.has(label) && !after.has(label));
  return classNames.length > 0 ? oalError("OAL-D104", { path, classNames }) : undefined;
}

/** The problem of unreadable images beyond `skipBad`: OAL-D102 or OAL-D123 for one, OAL-D110 for more. */
export function badImages(
  bad: readonly Skipped[],
  spec: SourceSpec,
  {
    skipBad = 0,
    maxPixels = defaultMaxPixels,
  }: { readonly skipBad?: number | undefined; readonly maxPixels?: number | undefined },
): OalError[] {
  const [first] = bad;
  if (first === undefined || bad.length <= skipBad) return [];
  const path = placeOf(spec);
  const file = `${path}: ${first.id}`;
  if (bad.length === 1 && first.pixels) {
    const [width, height] = first.pixels;
    return [oalError("OAL-D123", { file, width, height, maxPixels })];
  }
  if (bad.length === 1) return [oalError("OAL-D102", { file, problem: first.problem })];
  return [oalError("OAL-D110", { path, images: bad, limit: skipBad })];
}
