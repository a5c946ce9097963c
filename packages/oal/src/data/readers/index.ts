/** The registry of readers, in the order in which they are asked. */
import { existsSync } from "node:fs";
import { oalError } from "oal-core";
import { cifarBinary } from "./cifarBinary.js";
import { idx } from "./idx.js";
import { imageFolder } from "./imageFolder.js";
import { imglist } from "./imglist.js";
import type { Reader, SourceSpec } from "./reader.js";
import { tarArchive } from "./tarArchive.js";
import { zipArchive } from "./zipArchive.js";

/** Every reader; the first that recognises a source reads it. */
export const readers: readonly Reader[] = [imglist, idx, cifarBinary, tarArchive, zipArchive, imageFolder];

/**
 * The reader of a source.
 *
 * @throws OAL-D101 when the path does not exist, OAL-D106 when no reader recognises it
 */
export async function readerOf(spec: SourceSpec): Promise<Reader> {
  if (!existsSync(spec.path)) throw oalError("OAL-D101", { path: spec.path });
  for (const reader of readers) {
    const chosen =
      spec.kind === undefined || spec.kind === "auto" ? await reader.matches(spec) : reader.id === spec.kind;
    if (chosen) return reader;
  }
  throw oalError("OAL-D106", { path: spec.path, problem: "not a kind of data oal can read" });
}
