/**
 * The folders, files and links that unpacking an archive would make, without unpacking it. The archive's root is the whole world: no name
 * and no link leads out of it.
 */
import { memberPath } from "./memberNames.js";

/** What a name in an archive stands for. */
export type ArchiveNode =
  | FolderNode
  /** `content` numbers the archive's entries. */
  | { readonly kind: "file"; readonly content: number }
  | { readonly kind: "link"; readonly target: string }
  /** Something that exists but cannot be read; `problem` is a clause. */
  | { readonly kind: "unreadable"; readonly problem: string };

/** A folder and what lies in it. */
export interface FolderNode {
  readonly kind: "folder";
  readonly children: Map<string, ArchiveNode>;
}

/** Where a path leads when links are followed: to a file's content, to a folder, or nowhere, which is told as a clause. */
export type Found =
  | { readonly content: number }
  | { readonly folder: FolderNode; readonly realPath: string }
  | { readonly problem: string; readonly isLink: boolean };

/** Where a path leads, or why its links do not lead there; a clause that begins with "which". */
type Way =
  | { readonly node: Exclude<ArchiveNode, { kind: "link" }>; readonly realPath: string }
  | { readonly problem: string };

/** As many links as Linux follows on the way to a file. */
const MOST_LINKS = 40;

/** An archive's entries, added in the archive's order. */
export class ArchiveTree {
  readonly root: FolderNode = { kind: "folder", children: new Map() };
  /** Names of which an earlier entry was replaced by a later one, once for each. */
  readonly replaced: string[] = [];

  /** Adds an entry as unpacking would: below links to folders in the folder itself, and in the place of an earlier entry of its name. */
  add(name: string, node: ArchiveNode): void {
    const parts = memberPath(name);
    const last = parts.pop();
    if (last === undefined) return;
    const { children } = this.#folder(parts);
    const earlier = children.get(last);
    if (earlier && node.kind === "folder" && this.#folderAt([...parts, last])) return;
    if (earlier && earlier.kind !== "folder") this.replaced.push([...parts, last].join("/"));
    children.set(last, node);
  }

  /** Adds a second name for an entry before it. */
  addHardLink(name: string, target: string): void {
    const parts = memberPath(target);
    const last = parts.pop();
    const node = this.#folderAt(parts)?.children.get(last ?? "");
    const problem = `a link to ${target}, which the archive does not have before it`;
    this.add(name, node && node.kind !== "folder" ? node : { kind: "unreadable", problem });
  }

  /** What a path leads to; undefined when no entry has this path. */
  find(path: string): Found | undefined {
    const parts = path.split("/");
    const entry = this.#folderAt(parts.slice(0, -1))?.children.get(parts.at(-1) ?? "");
    if (entry === undefined) return undefined;
    const way = this.#follow(parts);
    if ("problem" in way)
      return {
        problem: `a link to ${entry.kind === "link" ? entry.target : path}, ${way.problem}`,
        isLink: true,
      };
    const { node, realPath } = way;
    if (node.kind === "folder") return { folder: node, realPath };
    return node.kind === "file" ? { content: node.content } : { problem: node.problem, isLink: false };
  }

  #follow(path: readonly string[]): Way {
    const way: { name: string; node: Exclude<ArchiveNode, { kind: "link" }> }[] = [
      { name: "", node: this.root },
    ];
    const ahead = [...path].reverse();
    let links = 0;
    for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
      const here = way.at(-1)?.node;
      if (here !== undefined && here.kind !== "folder") return { problem: "which the archive does not have" };
      if (part === "" || part === ".") continue;
      if (part === "..") {
        way.pop();
        if (way.length === 0) return { problem: "which leads out of the archive" };
        continue;
      }
      const child = here?.children.get(part);
      if (child === undefined) return { problem: "which the archive does not have" };
      if (child.kind !== "link") {
        way.push({ name: part, node: child });
        continue;
      }
      if (++links > MOST_LINKS) return { problem: "which leads back to itself" };
      if (child.target.startsWith("/")) return { problem: "which leads out of the archive" };
      ahead.push(...child.target.split("/").reverse());
    }
    const names = way.slice(1).map(({ name }) => name);
    return { node: way.at(-1)?.node ?? this.root, realPath: names.join("/") };
  }

  #folderAt(path: readonly string[]): FolderNode | undefined {
    const way = this.#follow(path);
    return "node" in way && way.node.kind === "folder" ? way.node : undefined;
  }

  /** The folder of a path, made where it is missing; what is no folder and leads to none makes way. */
  #folder(path: readonly string[]): FolderNode {
    let folder = this.root;
    for (const [depth, part] of path.entries()) {
      const child = folder.children.get(part);
      const below = child?.kind === "link" ? this.#folderAt(path.slice(0, depth + 1)) : child;
      if (below?.kind === "folder") folder = below;
      else {
        if (child) this.replaced.push(path.slice(0, depth + 1).join("/"));
        const made: FolderNode = { kind: "folder", children: new Map() };
        folder.children.set(part, made);
        folder = made;
      }
    }
    return folder;
  }
}
