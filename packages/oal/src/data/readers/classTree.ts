/** The rule of image folders, on disk or in an archive: the first folder level on which images differ names the class. */
import { oalError } from "oal-core";
import type { Member } from "../pictures/folderWalk.js";
import { isHidden, skippedSentence } from "../pictures/kinds.js";
import { isPicture, repeatedFolders, selectPictures } from "../pictures/select.js";
import type { Container } from "./container.js";
import type { OpenSource, SourceItem, SourceSpec } from "./reader.js";

const SPLITS = ["train", "training", "val", "valid", "validation", "test", "testing"];

/** Number of leading folders all paths share, leaving every path at least `kept` components. */
function sharedFolders(paths: readonly (readonly string[])[], kept: number): number {
  const first = paths[0] ?? [];
  let shared = 0;
  while (paths.every((p) => p.length > shared + kept && p[shared] === first[shared])) shared++;
  return shared;
}

/** Names of the splits ("train", "val", "test" and the like) that a container's folders are first divided into; none if they are not. */
export async function splitsOf(container: Container): Promise<string[]> {
  const paths = (await container.list()).filter(isPicture).map((m) => m.path.split("/"));
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
 *   `spec.classes`, OAL-D111 for an image beside the class folders, OAL-D120 for one folder under two classes, OAL-D122 for a broken
 *   entry beside the class folders
 */
export async function openClassTree(container: Container, spec: SourceSpec): Promise<OpenSource> {
  const inScope = (await container.list()).flatMap((member): ScopedMember[] => {
    const parts = below(member.path.split("/"), spec.split);
    return parts === null ? [] : [{ ...member, parts }];
  });
  const { pictures, skipped } = selectPictures(inScope);
  if (pictures.length === 0) {
    const where = spec.split === undefined ? "no image found" : `no image found under "${spec.split}"`;
    const others = skippedSentence(skipped);
    throw oalError("OAL-D103", {
      path: spec.path,
      what: others === undefined ? where : `${where}; ${others}`,
    });
  }
  const folders = inScope.filter((member) => member.isFolder);
  const level = spec.labels === "ood" ? undefined : classLevel(pictures, spec);
  const files = [...pictures].sort((a, b) => (a.path < b.path ? -1 : 1));
  const tree = level === undefined ? unlabelled(files) : labelled(files, folders, level, spec);
  const positions = new Map(tree.paths.map((path, position) => [path, position]));
  const problems = new Map(
    files.flatMap(({ path, problem }) => (problem === undefined ? [] : [[path, problem]])),
  );
  return {
    ids: tree.paths,
    labels: tree.labels,
    classNames: tree.classNames,
    skipped,
    async *read(wanted): AsyncIterable<SourceItem> {
      const paths = new Set<string>();
      for (const position of [...wanted].sort((a, b) => a - b)) {
        const id = tree.paths[position] ?? "";
        const problem = problems.get(id);
        if (problem === undefined) paths.add(id);
        else yield { position, id, label: tree.labels[position] ?? -1, problem };
      }
      for await (const content of container.read(paths)) {
        const position = positions.get(content.path) ?? -1;
        const { path: id, ...rest } = content;
        yield { position, id, label: tree.labels[position] ?? -1, ...rest };
      }
    },
  };
}

/** A member of the wanted split with its path's components below it. */
interface ScopedMember extends Member {
  readonly parts: readonly string[];
}

/**
 * The folder level that names the classes. Broken entries do not take part in finding it: a class folder that is a broken link must not
 * pass for a picture.
 */
function classLevel(pictures: readonly ScopedMember[], spec: SourceSpec): number {
  const sound = pictures.filter((m) => m.problem === undefined);
  const deciding = (sound.length > 0 ? sound : pictures).map((m) => m.parts);
  const level = sharedFolders(deciding, 2);
  const prefix = deciding[0]?.slice(0, level).join("/");
  for (const { path, parts, problem } of pictures) {
    if (parts.length >= level + 2 && parts.slice(0, level).join("/") === prefix) continue;
    if (problem === undefined) throw oalError("OAL-D111", { path: spec.path, file: path });
    throw oalError("OAL-D122", { path: spec.path, file: path, problem });
  }
  return level;
}

/** Throws OAL-D120 where folders of two classes are one real folder. */
function refuseSharedFolders(folders: readonly ScopedMember[], level: number, spec: SourceSpec): void {
  for (const [first, second] of repeatedFolders(folders)) {
    if (first.parts[level] !== second.parts[level])
      throw oalError("OAL-D120", { path: spec.path, first: first.path, second: second.path });
  }
}

interface LabelledPaths {
  readonly paths: string[];
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

function unlabelled(files: readonly ScopedMember[]): LabelledPaths {
  return { paths: files.map((f) => f.path), labels: new Int32Array(files.length).fill(-1), classNames: [] };
}

function labelled(
  files: ScopedMember[],
  folders: readonly ScopedMember[],
  level: number,
  spec: SourceSpec,
): LabelledPaths {
  const found = new Set(files.map((f) => f.parts[level] ?? ""));
  const classNames = spec.classes ?? [...found].sort();
  if (
    spec.classes === undefined &&
    found.size > 1 &&
    classNames.every((name) => SPLITS.includes(name.toLowerCase()))
  ) {
    throw oalError("OAL-D106", {
      path: spec.path,
      problem: `it is divided into ${classNames.join(", ")}; choose one`,
    });
  }
  refuseSharedFolders(folders, level, spec);
  const prefix = files[0]?.parts.slice(0, level).join("/");
  for (const { parts } of folders) {
    if (parts.length !== level + 1 || parts.slice(0, level).join("/") !== prefix) continue;
    const className = parts[level] ?? "";
    if (!found.has(className) && !isHidden(className))
      throw oalError("OAL-D104", { path: spec.path, className });
  }
  const only = classNames.length === 1 ? classNames[0] : undefined;
  if (only !== undefined) throw oalError("OAL-D105", { path: spec.path, className: only });
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  for (const label of found) {
    if (!labelOf.has(label))
      throw oalError("OAL-D108", { where: spec.path, label, classes: classNames.length });
  }
  for (const className of classNames) {
    if (!found.has(className)) throw oalError("OAL-D104", { path: spec.path, className });
  }
  const label = (file: ScopedMember): number => labelOf.get(file.parts[level] ?? "") ?? -1;
  files.sort((a, b) => label(a) - label(b) || (a.path < b.path ? -1 : 1));
  return { paths: files.map((f) => f.path), labels: Int32Array.from(files, label), classNames };
}
