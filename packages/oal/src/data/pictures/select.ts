/** Which members of a folder or archive are pictures, and what becomes of the others. */
import type { Member } from "../readers/container.js";
import { classifyFile, type SkippedFiles } from "./kinds.js";

/** The members of a container, sorted out. */
export interface SelectedMembers<Entry extends Member> {
  /** Pictures, and entries that may be pictures but cannot be read (with a `problem`). */
  readonly pictures: readonly Entry[];
  readonly skipped: SkippedFiles;
}

/**
 * Sorts out what is a picture. Everything else is counted by reason, hidden files and those of the system are not. Of a real folder that
 * several ways lead to only one is taken, the one without links before others.
 */
export function selectPictures<Entry extends Member>(members: readonly Entry[]): SelectedMembers<Entry> {
  const repeated = new Set(
    repeatedFolders(members.filter((member) => member.isFolder)).map(([, second]) => second.path),
  );
  const pictures: Entry[] = [];
  const skipped = new Map<string, number>();
  const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  for (const member of members) {
    if (member.isFolder) continue;
    const found = classifyFile(member.path, member.head);
    if (found.is === "hidden") continue;
    if (liesIn(repeated, member.path)) skip("in a folder that is also reached another way");
    else if (member.problem !== undefined) pictures.push(member);
    else if (member.skip !== undefined) skip(member.skip);
    else if (found.is === "picture") pictures.push(member);
    else skip(found.reason);
  }
  return { pictures, skipped };
}

/** Is it a picture by name or first bytes, whether it can be read or not? */
export function isPicture(member: Member): boolean {
  return !member.isFolder && classifyFile(member.path, member.head).is === "picture";
}

/** Pairs of folders that are one real folder: the way to it without links, else the first, and another one. */
export function repeatedFolders<Entry extends Member>(folders: readonly Entry[]): [Entry, Entry][] {
  const firstWay = new Map<string, Entry>();
  const pairs: [Entry, Entry][] = [];
  const directFirst = [...folders].sort((a, b) => Number(a.viaLink ?? false) - Number(b.viaLink ?? false));
  for (const folder of directFirst) {
    if (folder.realFolder === undefined) continue;
    const first = firstWay.get(folder.realFolder);
    if (first === undefined) firstWay.set(folder.realFolder, folder);
    else pairs.push([first, folder]);
  }
  return pairs;
}

/** Whether a path lies in one of these folders. */
function liesIn(folders: ReadonlySet<string>, path: string): boolean {
  if (folders.size === 0) return false;
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
    if (folders.has(path.slice(0, end))) return true;
  return false;
}
