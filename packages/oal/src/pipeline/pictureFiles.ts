/** The pictures that paths of a command line or a caller stand for. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { oalError, type OalError } from "oal-core";
import { locate, problemOf, readRegularFile, walkFolder } from "../data/pictures/folderWalk.js";
import { skippedSentence, type SkippedFiles } from "../data/pictures/kinds.js";
import { selectPictures } from "../data/pictures/select.js";

/** A picture to score. */
export interface PictureFile {
  /** As it is shown. */
  readonly path: string;
  /** As the system's calls take it. */
  readonly location: string | Buffer;
  /** Why it cannot be read, where looking for it showed that. */
  readonly error?: OalError;
}

/**
 * The pictures of a command line: files as they are, folders walked through (each real folder once).
 *
 * @returns the pictures in order, a folder without any as one that cannot be read, and what was no picture, by reason
 * @throws OAL-D101 for a path that does not exist, OAL-D121 for a folder that cannot be read
 */
export async function picturesIn(
  paths: readonly string[],
): Promise<{ readonly pictures: readonly PictureFile[]; readonly skipped: SkippedFiles }> {
  const found: PictureFile[] = [];
  const reasons = new Map<string, number>();
  for (const path of paths) {
    if (!existsSync(path)) throw oalError("OAL-D101", { path });
    if (!statSync(path).isDirectory()) {
      found.push({ path, location: path });
      continue;
    }
    const { pictures, skipped } = selectPictures(await walkFolder(path));
    for (const member of pictures) {
      const { problem } = member;
      const file = { path: join(path, member.path), location: locate(path, member.path) };
      if (problem === undefined) found.push(file);
      else found.push({ ...file, error: oalError("OAL-D102", { file: file.path, problem }) });
    }
    if (pictures.length === 0) {
      const error = oalError("OAL-D103", { path, what: skippedSentence(skipped) ?? "the folder is empty" });
      found.push({ path, location: path, error });
    }
    for (const [reason, count] of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return { pictures: found, skipped: reasons };
}

/** The bytes of a picture. @throws OAL-D102 when it cannot be read */
export async function readPicture({ path, location, error: known }: PictureFile): Promise<Uint8Array> {
  if (known !== undefined) throw known;
  try {
    return await readRegularFile(location);
  } catch (error) {
    throw oalError("OAL-D102", { file: path, problem: problemOf(error) }, error);
  }
}
