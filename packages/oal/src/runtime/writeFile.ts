/** Writing files whole or not at all: aside, flushed, then renamed. */
import { randomInt } from "node:crypto";
import { open, realpath, rename, rm, type FileHandle } from "node:fs/promises";

/**
 * Writes a file; whoever reads it meanwhile sees the old one. The name it is written under first is the file's with a dot and digits.
 *
 * A disk that is nearly full takes part of a write and reports how much; all bytes are asked for until they are there or the system
 * refuses.
 *
 * @param path  the file; behind a link, the file that the link leads to
 * @param content  text, bytes, or pieces of bytes that are written one behind the other; a piece is asked for while the one before it
 *   is written
 * @param complete  is called when all of it is written, before it takes its place, with the name that it has until then
 * @throws the system's error (ENOSPC, EACCES, ...) or that of `complete`; nothing is left beside the file then
 */
export async function writeFileWhole(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
  complete?: (aside: string, handle: FileHandle) => Promise<void>,
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const aside = `${target}.${process.pid}${randomInt(2 ** 40)}`;
  try {
    const handle = await open(aside, "wx");
    let writing = Promise.resolve();
    try {
      const pieces = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
      for (const piece of pieces) {
        await writing;
        writing = handle.writeFile(piece);
      }
      await writing;
      await complete?.(aside, handle);
      await handle.sync();
    } finally {
      await writing.catch(() => undefined);
      await handle.close();
    }
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}
