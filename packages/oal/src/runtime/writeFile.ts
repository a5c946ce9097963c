/** Writing files whole or not at all: aside, flushed, then renamed. */
import { randomInt } from "node:crypto";
import { open, realpath, rename, rm } from "node:fs/promises";

/**
 * Writes a file; whoever reads it meanwhile sees the old one. The name it is written under first is the file's with a dot and digits.
 *
 * A disk that is nearly full takes part of a write and reports how much; all bytes are asked for until they are there or the system
 * refuses.
 *
 * @param path  the file; behind a link, the file that the link leads to
 * @throws the system's error (ENOSPC, EACCES, ...); nothing is left beside the file then
 */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const aside = `${target}.${process.pid}${randomInt(2 ** 40)}`;
  try {
    const handle = await open(aside, "wx");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}
