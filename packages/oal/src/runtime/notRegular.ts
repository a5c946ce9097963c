/** What is no file: opening it may hold the program, reading it may never end. */
import type { BigIntStats, Stats } from "node:fs";

/** What an entry is instead of a regular file; undefined for one. */
export function notRegular(found: Stats | BigIntStats): string | undefined {
  if (found.isFile()) return undefined;
  if (found.isDirectory()) return "a folder, not a file";
  return found.isFIFO() ? "a named pipe, not a file" : found.isSocket() ? "a socket, not a file" : "a device";
}
