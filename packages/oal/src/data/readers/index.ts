/** The registry of readers, in the order in which they are asked. */
import { existsSync } from "node:fs";
import { oalError } from "oal-core";
import { readers } from "../readerRegistry.js";
import { cifarBinary } from "./cifarBinary.js";
import { imageFolder, tarArchive, zipArchive } from "./classFolders.js";
import { idx } from "./idx.js";
import { imglist } from "./imglist.js";
import type { Reader, SourceSpec } from "./reader.js";

const standard: readonly Reader[] = [imglist, idx, cifarBinary, tarArchive, zipArchive, imageFolder];

for (const reader of standard) readers.register(reader);

/** The first that recognises a source reads it; readers from outside are asked first, the last one foremost. */
function inOrder(): readonly Reader[] {
  const added = readers.all.filter((reader) => !standard.includes(reader));
  return [...added.toReversed(), ...standard];
}

/**
 * The reader of a source.
 *
 * @throws OAL-D101 when the path does not exist, OAL-D106 when no reader recognises it, OAL-C204 for a kind that no reader is
 */
export async function readerOf(spec: SourceSpec): Promise<Reader> {
  if (!existsSync(spec.path)) throw oalError("OAL-D101", { path: spec.path });
  const { kind = "auto" } = spec;
  if (kind !== "auto") return readers.find(kind);
  for (const reader of inOrder()) if (await reader.matches(spec)) return reader;
  throw oalError("OAL-D106", { path: spec.path, problem: "not a kind of data oal can read" });
}

export { readers };
