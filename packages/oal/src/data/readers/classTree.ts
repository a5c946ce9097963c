/** The rule of image folders, on disk or in an archive: the first folder level on which images differ names the class. */
import { oalError } from "oal-core";
import type { Container } from "./container.js";
import type { OpenSource, SourceItem, SourceSpec } from "./reader.js";

const SPLITS = ["train", "training", "val", "valid", "validation", "test", "testing"];

/** Is this the name of an image file, and not of a system's hidden one? */
export function isImageName(path: string): boolean {
  return /\.(jpe?g|png|webp|gif|tiff?|avif|bmp)$/i.test(path) && !/(^|\/)(\.|__MACOSX\/)/.test(path);
}

/** Number of leading folders all paths share, leaving every path at least `kept` components. */
function sharedFolders(paths: readonly (readonly string[])[], kept: number): number {
  const first = paths[0] ?? [];
  let shared = 0;
  while (paths.every((p) => p.length > shared + kept && p[shared] === first[shared])) shared++;
  return shared;
}

/** Names of the splits ("train", "val", "test" and the like) that a container's folders are first divided into; none if they are not. */
export async function splitsOf(container: Container): Promise<string[]> {
  const paths = (await container.list())
    .filter((m) => !m.isFolder && isImageName(m.path))
    .map((m) => m.path.split("/"));
  if (paths.length === 0) return [];
  const shared = sharedFolders(paths, 2);
  const names = new Set(paths.map((p) => (p.length > shared + 1 ? (p[shared] ?? "") : "")));
  return names.size > 1 && [...names].every((name) => SPLITS.includes(name.toLowerCase()))
    ? [...names].sort()
    : [];
}

/** Path components below the wanted split, or null outside it. */
function below(path: readonly string[], split: string | undefined): readonly string[] | null {
  if (split === undefined) return path;
  const at = path.slice(0, 3).indexOf(split);
  return at < 0 ? null : path.slice(at + 1);
}

/**
 * Names and labels of the images of a container.
 *
 * @throws OAL-D103 without images, OAL-D104 for a class without, OAL-D105 for a single class, OAL-D108 for a class not in
 *   `spec.classes`, OAL-D111 for an image beside the class folders
 */
export async function openClassTree(container: Container, spec: SourceSpec): Promise<OpenSource> {
  const members = await container.list();
  const files = members
    .filter((m) => !m.isFolder && isImageName(m.path))
    .map((m) => ({ path: m.path, parts: below(m.path.split("/"), spec.split) }))
    .flatMap(({ path, parts }) => (parts === null ? [] : [{ path, parts }]))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0) {
    const what = spec.split === undefined ? "no image found" : `no image found under "${spec.split}"`;
    throw oalError("OAL-D103", { path: spec.path, what });
  }
  const tree = spec.labels === "ood" ? unlabelled(files) : labelled(files, members, spec);
  const positions = new Map(tree.paths.map((path, position) => [path, position]));
  return {
    ids: tree.paths,
    labels: tree.labels,
    classNames: tree.classNames,
    async *read(wanted): AsyncIterable<SourceItem> {
      const paths = new Set([...wanted].sort((a, b) => a - b).map((position) => tree.paths[position] ?? ""));
      for await (const content of container.read(paths)) {
        const position = positions.get(content.path) ?? -1;
        const { path: id, ...rest } = content;
        yield { position, id, label: tree.labels[position] ?? -1, ...rest };
      }
    },
  };
}

interface ImageFile {
  readonly path: string;
  readonly parts: readonly string[];
}

interface LabelledPaths {
  readonly paths: string[];
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

function unlabelled(files: readonly ImageFile[]): LabelledPaths {
  return { paths: files.map((f) => f.path), labels: new Int32Array(files.length).fill(-1), classNames: [] };
}

function labelled(
  files: ImageFile[],
  members: Awaited<ReturnType<Container["list"]>>,
  spec: SourceSpec,
): LabelledPaths {
  const allParts = files.map((f) => f.parts);
  const level = sharedFolders(allParts, 2);
  const stray = files.find((f) => f.parts.length < level + 2);
  if (stray) throw oalError("OAL-D111", { path: spec.path, file: stray.path });
  const found = new Set(files.map((f) => f.parts[level] ?? ""));
  const prefix = allParts[0]?.slice(0, level).join("/");
  for (const member of members) {
    const parts = member.isFolder ? below(member.path.split("/"), spec.split) : null;
    if (parts?.length !== level + 1 || parts.slice(0, level).join("/") !== prefix) continue;
    const className = parts[level] ?? "";
    if (!found.has(className) && isClassFolder(className))
      throw oalError("OAL-D104", { path: spec.path, className });
  }
  const classNames = spec.classes ?? [...found].sort();
  const only = classNames.length === 1 ? classNames[0] : undefined;
  if (only !== undefined) throw oalError("OAL-D105", { path: spec.path, className: only });
  if (spec.classes === undefined && classNames.every((name) => SPLITS.includes(name.toLowerCase()))) {
    throw oalError("OAL-D106", {
      path: spec.path,
      problem: `it is divided into ${classNames.join(", ")}; choose one`,
    });
  }
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  for (const label of found) {
    if (!labelOf.has(label))
      throw oalError("OAL-D108", { where: spec.path, label, classes: classNames.length });
  }
  for (const className of classNames) {
    if (!found.has(className)) throw oalError("OAL-D104", { path: spec.path, className });
  }
  const label = (file: ImageFile): number => labelOf.get(file.parts[level] ?? "") ?? -1;
  files.sort((a, b) => label(a) - label(b) || (a.path < b.path ? -1 : 1));
  return { paths: files.map((f) => f.path), labels: Int32Array.from(files, label), classNames };
}

/** Folders of systems and tools are no classes. */
function isClassFolder(name: string): boolean {
  return !name.startsWith(".") && name !== "__MACOSX";
}
