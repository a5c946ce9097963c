/** Class folders, on disk or in an archive: the first folder level on which images differ names the class. */
import { stat } from "node:fs/promises";
import { oalError, type OalError } from "oal-core";
import { archiveKind, openArchive } from "../archives/archiveKind.js";
import { folderContainer } from "../pictures/folderWalk.js";
import { isHidden, skippedSentence } from "../pictures/kinds.js";
import { isPicture, repeatedFolders, selectPictures } from "../pictures/select.js";
import { placeOf } from "../problems.js";
import type { Container, Member } from "./container.js";
import type { OpenSource, Reader, SourceItem, SourceSpec } from "./reader.js";

/** A reader of class folders in one kind of container. */
function classFolders(
  containerOf: (path: string) => Container,
  about: Pick<Reader, "id" | "title" | "version" | "matches">,
): Reader {
  return {
    ...about,
    orientation: "apply",
    splits: ({ path }) => splitsOf(containerOf(path)),
    fingerprint: ({ path }) => containerOf(path).fingerprint(),
    open: (spec) => openClassTree(containerOf(spec.path), spec),
  };
}

/** Reader of class folders on disk. */
export const imageFolder = classFolders(folderContainer, {
  id: "imageFolder",
  title: "a folder of class folders",
  version: 2,
  matches: async ({ path }) => (await stat(path)).isDirectory(),
});

/** Reader of class folders in tar files, plain or gzipped, read in place. */
export const tarArchive = classFolders(openArchive, {
  id: "tarArchive",
  title: "class folders in a .tar or .tar.gz file",
  version: 3,
  matches: ({ path }) => Promise.resolve(["tar", "tar.gz"].includes(archiveKind(path) ?? "")),
});

/** Reader of class folders in zip files, read in place through the directory. */
export const zipArchive = classFolders(openArchive, {
  id: "zipArchive",
  title: "class folders in a .zip file",
  version: 3,
  matches: ({ path }) => Promise.resolve(archiveKind(path) === "zip"),
});

const SPLITS = ["train", "training", "val", "valid", "validation", "test", "testing"];

/** Number of leading folders all paths share, leaving every path at least `kept` components. */
function sharedFolders(paths: readonly (readonly string[])[], kept: number): number {
  const first = paths[0] ?? [];
  let shared = 0;
  while (paths.every((p) => p.length > shared + kept && p[shared] === first[shared])) shared++;
  return shared;
}

/** Names of the splits ("train", "val", "test" and the like) that a container's folders are first divided into; none if they are not. */
async function splitsOf(container: Container): Promise<string[]> {
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
 * @returns a source whose `problems` are: OAL-D104 for class folders without an image, OAL-D111 for images beside the class folders,
 *   OAL-D120 for one folder under two classes, OAL-D122 for broken entries beside the class folders, OAL-D143 for classes not in
 *   `spec.classes`. The images that these are about are left out
 * @throws OAL-D103 without images, OAL-D106 for a source divided into parts of which none was chosen
 */
async function openClassTree(container: Container, spec: SourceSpec): Promise<OpenSource> {
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
  const files = [...pictures].sort((a, b) => (a.path < b.path ? -1 : 1));
  const tree = spec.labels === "ood" ? unlabelled(files) : labelled(files, folders, spec);
  const positions = new Map(tree.paths.map((path, position) => [path, position]));
  const unreadable = new Map(
    files.flatMap(({ path, problem }) => (problem === undefined ? [] : [[path, problem]])),
  );
  return {
    ids: tree.paths,
    labels: tree.labels,
    classNames: tree.classNames,
    problems: tree.problems,
    unreadable: [...unreadable].map(([id, problem]) => ({ id, problem })),
    skipped,
    async *read(wanted): AsyncIterable<SourceItem> {
      const paths = new Set<string>();
      for (const position of [...wanted].sort((a, b) => a - b)) {
        const id = tree.paths[position] ?? "";
        const problem = unreadable.get(id);
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
 * The folder level that names the classes, and the pictures below it. Broken entries do not take part in finding it: a class folder that
 * is a broken link must not pass for a picture.
 */
function classLevel(
  pictures: readonly ScopedMember[],
  spec: SourceSpec,
): { level: number; files: ScopedMember[]; problems: OalError[] } {
  const sound = pictures.filter((m) => m.problem === undefined);
  const deciding = (sound.length > 0 ? sound : pictures).map((m) => m.parts);
  const level = sharedFolders(deciding, 2);
  const prefix = deciding[0]?.slice(0, level).join("/");
  const isInside = ({ parts }: ScopedMember): boolean =>
    parts.length >= level + 2 && parts.slice(0, level).join("/") === prefix;
  const outside = pictures.filter((m) => !isInside(m));
  const stray = outside.filter(({ problem }) => problem === undefined).map(({ path }) => path);
  const broken = outside.flatMap(({ path, problem }) =>
    problem === undefined ? [] : [oalError("OAL-D122", { path: spec.path, file: path, problem })],
  );
  const problems = stray.length > 0 ? [oalError("OAL-D111", { path: placeOf(spec), files: stray })] : [];
  return { level, files: pictures.filter(isInside), problems: [...problems, ...broken] };
}

interface LabelledPaths {
  readonly paths: string[];
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  readonly problems: readonly OalError[];
}

function unlabelled(files: readonly ScopedMember[]): LabelledPaths {
  const labels = new Int32Array(files.length).fill(-1);
  return { paths: files.map((f) => f.path), labels, classNames: [], problems: [] };
}

function labelled(
  pictures: readonly ScopedMember[],
  folders: readonly ScopedMember[],
  spec: SourceSpec,
): LabelledPaths {
  const { level, files, problems } = classLevel(pictures, spec);
  const classOf = ({ parts }: ScopedMember): string => parts[level] ?? "";
  const found = new Set(files.map(classOf));
  const classNames = spec.classes ?? [...found].sort();
  const isSplit = (name: string): boolean => SPLITS.includes(name.toLowerCase());
  if (spec.classes === undefined && found.size > 1 && classNames.every(isSplit)) {
    const problem = `it is divided into ${classNames.join(", ")}; choose one`;
    throw oalError("OAL-D106", { path: spec.path, problem });
  }
  const repeated = repeatedFolders(folders);
  for (const [first, second] of repeated) {
    if (classOf(first) !== classOf(second))
      problems.push(oalError("OAL-D120", { path: spec.path, first: first.path, second: second.path }));
  }
  const prefix = files[0]?.parts.slice(0, level).join("/");
  const empty = folders.filter(
    ({ parts }) => parts.length === level + 1 && parts.slice(0, level).join("/") === prefix,
  );
  // a class that is asked for and has no folder is missed by whoever asked (sourceProblems)
  const emptyNames = empty
    .map(classOf)
    .filter((name) => !found.has(name) && !isHidden(name) && !spec.classes?.includes(name))
    .filter((name) => !repeated.some(([, second]) => classOf(second) === name));
  if (emptyNames.length > 0)
    problems.push(oalError("OAL-D104", { path: placeOf(spec), classNames: emptyNames }));
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const foreign = [...found].filter((name) => !labelOf.has(name)).sort();
  if (foreign.length > 0) {
    const details = { where: placeOf(spec), classNames: foreign, known: classNames.length };
    problems.push(oalError("OAL-D143", details));
  }
  const label = (file: ScopedMember): number => labelOf.get(classOf(file)) ?? -1;
  const known = files.filter((file) => label(file) >= 0);
  known.sort((a, b) => label(a) - label(b) || (a.path < b.path ? -1 : 1));
  return { paths: known.map((f) => f.path), labels: Int32Array.from(known, label), classNames, problems };
}
