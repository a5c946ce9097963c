/** Tar archives, plain or gzipped: a plain one is read by position, a gzipped one in one pass. */
import { headLength, needsHead } from "../pictures/kinds.js";
import type { ArchiveFormat, Content } from "./archiveContainer.js";
import { ArchiveTree } from "./archiveTree.js";
import { type ByteSource, fileSource, gunzipSource } from "./byteSource.js";
import { tarEntries } from "./tarEntries.js";

/** Tar archives whose bytes `open` gives. */
function tarFormat(open: (path: string) => Promise<ByteSource>): ArchiveFormat {
  return async (path) => {
    const source = await open(path);
    const tree = new ArchiveTree();
    const bytes: number[] = [];
    const positions: number[] = [];
    const heads = new Map<number, Uint8Array>();
    try {
      for await (const entry of tarEntries(source, (name) => (needsHead(name) ? headLength : 0))) {
        const { name, kind, target } = entry;
        if (kind === "folder") tree.add(name, { kind, children: new Map() });
        else if (kind === "symbolicLink") tree.add(name, { kind: "link", target });
        else if (kind === "hardLink") tree.addHardLink(name, target);
        else if (kind === "special") tree.add(name, { kind: "unreadable", problem: entry.problem });
        else {
          const content = bytes.push(entry.size) - 1;
          positions.push(entry.position);
          if (needsHead(name)) heads.set(content, entry.head);
          tree.add(name, { kind: "file", content });
        }
      }
    } finally {
      await source.close();
    }
    async function* read(contents: ReadonlySet<number>, most: number): AsyncIterable<Content> {
      const again = await open(path);
      try {
        // Contents are numbered in the archive's order.
        for (const content of [...contents].sort((a, b) => a - b)) {
          await again.skip((positions[content] ?? 0) - again.position);
          const wanted = Math.min(bytes[content] ?? 0, most);
          const found = await again.read(wanted);
          if (found.length < wanted) yield { content, problem: "it is cut off" };
          else yield { content, bytes: found };
        }
      } finally {
        await again.close();
      }
    }
    return { tree, bytes, heads, read };
  };
}

/** Plain tar archives. */
export const plainTar = tarFormat((path) => fileSource(path));

/** Gzipped tar archives. */
export const gzippedTar = tarFormat((path) => Promise.resolve(gunzipSource(path)));
