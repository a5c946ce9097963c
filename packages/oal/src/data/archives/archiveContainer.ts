/** Any archive as a container: names and links as unpacking would make them, contents read in place and within limits. */
import { stat } from "node:fs/promises";
import { OalError, oalError } from "oal-core";
import { classifyFile, headLength, isHidden, needsHead } from "../pictures/kinds.js";
import type { Container, Member, MemberContent } from "../readers/container.js";
import { fingerprintFile } from "../readers/fingerprint.js";
import { readingProblem } from "./byteSource.js";
import type { ArchiveTree, FolderNode } from "./archiveTree.js";
import { refuseBomb, refuseLarge } from "./limits.js";

/** What is known of an archive after one look. */
export interface ArchiveIndex {
  readonly tree: ArchiveTree;
  /** Expanded bytes of every content, by its number. */
  readonly bytes: readonly number[];
  /** Bytes in the archive of every content, where it keeps them apart. */
  readonly packedBytes?: readonly number[];
  /** First bytes of contents that were seen on the way. */
  readonly heads: ReadonlyMap<number, Uint8Array>;
  /** Yields the first `most` bytes of contents in the archive's order. */
  read(contents: ReadonlySet<number>, most: number): AsyncIterable<Content>;
}

/** Bytes of a content, or why they cannot be had (a clause). */
export type Content = { readonly content: number } & (
  { readonly bytes: Uint8Array } | { readonly problem: string }
);

/** A kind of archive: reads names, links and sizes, or throws an Error with the reason when the archive is damaged. */
export type ArchiveFormat = (path: string) => Promise<ArchiveIndex>;

/** Indices of the archives looked at last. A set is listed and read several times, and to look at a .tar.gz means to expand all of it. */
const looked = new Map<string, Promise<ArchiveIndex>>();
const REMEMBERED = 2;

async function indexOf(path: string, format: ArchiveFormat): Promise<ArchiveIndex> {
  const { size, mtimeMs, ino } = await stat(path);
  const state = `${path}\0${size} ${mtimeMs} ${ino}`;
  const known = looked.get(state);
  if (known) return known;
  const made = guarded(path, () => format(path));
  looked.set(state, made);
  for (const oldest of [...looked.keys()].slice(0, -REMEMBERED)) looked.delete(oldest);
  made.catch(() => looked.delete(state));
  return made;
}

async function guarded<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof OalError) throw error;
    throw oalError("OAL-D109", { path, problem: readingProblem(error) }, error);
  }
}

/**
 * An archive as a container. Its methods throw OAL-D109 naming the place when it is damaged, OAL-D130 when it expands like a bomb or a
 * wanted member is larger than a picture may be.
 */
export function archiveContainer(path: string, format: ArchiveFormat): Container {
  return {
    async list() {
      return withHeads(path, await indexOf(path, format));
    },
    async *read(wanted) {
      const index = await indexOf(path, format);
      const { tree, bytes, packedBytes } = index;
      const pathsOf = new Map<number, string[]>();
      for (const member of wanted) {
        const found = tree.find(member);
        if (found === undefined) continue;
        if (!("content" in found)) {
          const problem = "problem" in found ? found.problem : "a folder, not a file";
          yield { path: member, problem };
          continue;
        }
        const { content } = found;
        refuseLarge(path, member, bytes[content] ?? 0);
        if (packedBytes) refuseBomb(path, member, bytes[content] ?? 0, packedBytes[content] ?? 0);
        pathsOf.set(content, [...(pathsOf.get(content) ?? []), member]);
      }
      for await (const each of contentsOf(path, index, new Set(pathsOf.keys()), Infinity)) {
        for (const member of pathsOf.get(each.content) ?? []) {
          const content: MemberContent =
            "bytes" in each ? { path: member, bytes: each.bytes } : { path: member, problem: each.problem };
          yield content;
        }
      }
    },
    fingerprint: () => fingerprintFile(path),
  };
}

async function* contentsOf(
  path: string,
  index: ArchiveIndex,
  contents: ReadonlySet<number>,
  most: number,
): AsyncIterable<Content> {
  if (contents.size === 0) return;
  try {
    yield* index.read(contents, most);
  } catch (error) {
    if (error instanceof OalError) throw error;
    throw oalError("OAL-D109", { path, problem: readingProblem(error) }, error);
  }
}

/** As many ways to one real folder are listed as in folders on disk. */
const MOST_WAYS = 16;

/** Everything in the tree as a walk through the unpacked folder would list it. */
function listed(tree: ArchiveTree): (Member & { readonly content?: number })[] {
  const members: (Member & { readonly content?: number })[] = [];
  const ways = new Map<string, number>();
  const walk = (folder: FolderNode, below: string, above: ReadonlySet<FolderNode>): void => {
    for (const name of [...folder.children.keys()].sort()) {
      if (isHidden(name)) continue;
      const path = below === "" ? name : `${below}/${name}`;
      const found = tree.find(path);
      if (found === undefined) continue;
      if ("content" in found) members.push({ path, isFolder: false, content: found.content });
      else if ("problem" in found) members.push(unreadable(path, found));
      else if (above.has(found.folder))
        members.push({ path, isFolder: false, skip: "link to a folder above it" });
      else {
        const { realPath: realFolder } = found;
        const way = (ways.get(realFolder) ?? 0) + 1;
        ways.set(realFolder, way);
        members.push({ path, isFolder: true, realFolder });
        if (way <= MOST_WAYS) walk(found.folder, path, new Set([...above, found.folder]));
      }
    }
  };
  walk(tree.root, "", new Set([tree.root]));
  for (const path of tree.replaced)
    members.push({ path, isFolder: false, skip: "replaced by a later entry of its name" });
  return members;
}

/** A broken link, or an entry that cannot be read: of interest where its name says picture or nothing. */
function unreadable(path: string, { problem, isLink }: { problem: string; isLink: boolean }): Member {
  const isPicture = isLink || needsHead(path) || classifyFile(path).is === "picture";
  return { path, isFolder: false, ...(isPicture ? { problem } : {}) };
}

/** Gives the files whose names do not tell their kind their first bytes. */
async function withHeads(path: string, index: ArchiveIndex): Promise<Member[]> {
  const members = listed(index.tree);
  const heads = new Map(index.heads);
  const missing = new Set<number>();
  for (const { path: name, content } of members)
    if (content !== undefined && needsHead(name) && !heads.has(content)) missing.add(content);
  for await (const each of contentsOf(path, index, missing, headLength))
    if ("bytes" in each) heads.set(each.content, Uint8Array.from(each.bytes));
  return members.map(({ content, ...member }) => {
    const head = content !== undefined && needsHead(member.path) ? heads.get(content) : undefined;
    return head === undefined ? member : { ...member, head };
  });
}
