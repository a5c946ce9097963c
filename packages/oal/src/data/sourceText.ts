/** Sources as people write them on a command line: a path, or a path and the part of it, as "photos#val". */
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** A path and, where one was named, the part of it. */
export interface SourceText {
  readonly path: string;
  readonly split?: string;
}

/**
 * Takes "path#part" apart at its last "#". A path that exists is taken as it is, so that folders with "#" in their names can be given; so
 * is one of which no shorter form exists, so that errors name what was written.
 *
 * @param text  as written
 * @param cwd  the folder that relative paths start from
 * @returns the path absolute
 */
export function parseSourceText(text: string, cwd: string): SourceText {
  const whole = resolve(cwd, text);
  const at = text.lastIndexOf("#");
  if (at < 1 || at === text.length - 1 || existsSync(whole)) return { path: whole };
  const path = resolve(cwd, text.slice(0, at));
  return existsSync(path) ? { path, split: text.slice(at + 1) } : { path: whole };
}

/** {@link parseSourceText} with the path as it was written, which is how people know it. */
export function writtenSource(text: string, cwd: string): SourceText {
  const { split } = parseSourceText(text, cwd);
  return split === undefined ? { path: text } : { path: text.slice(0, -split.length - 1), split };
}
