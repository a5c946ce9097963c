/** The pictures that paths of a command line stand for: files, folders, archives and standard input. */
import { createWriteStream, existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isOalError, oalError, OalError } from "oal-core";
import type { NamedPicture } from "../bundle/pictures.js";
import { archiveKind, hasArchiveName, openArchive } from "../data/archives/archiveKind.js";
import { folderContainer, headOf, locate, problemOf, readRegularFile } from "../data/pictures/folderWalk.js";
import { classifyFile, kindOfBytes, needsHead, skippedSentence } from "../data/pictures/kinds.js";
import { textOfName } from "../data/pictures/rawName.js";
import { selectPictures, type SelectedMembers } from "../data/pictures/select.js";
import type { Container, Member } from "../data/readers/container.js";

/** Standard input as a path. */
export const standardInput = "-";

/** Pictures that were found, to be read in turn. */
export interface FoundPictures {
  /** How many there are. */
  readonly count: number;
  /** What was no picture, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
  /** Reads them one after the other; archives in their own order. What cannot be read throws when its turn comes. */
  pictures(): AsyncGenerator<NamedPicture, void, undefined>;
  /** Removes what standard input left on the disk. */
  close(): Promise<void>;
}

/** Where standard input comes from. */
export interface PictureOptions {
  /** Default: the program's. */
  readonly input?: AsyncIterable<Uint8Array>;
}

/** A path, as its bytes where they are no UTF-8. */
export type GivenPath = string | Buffer;

const shownPath = (path: GivenPath): string => (typeof path === "string" ? path : textOfName(path));

/** Some of the pictures, of one path. */
interface Source {
  readonly count: number;
  pictures(): Iterable<NamedPicture> | AsyncIterable<NamedPicture>;
}

/**
 * Finds pictures: files as they are, folders walked through (each real folder once), archives looked into. What cannot be read is a
 * picture with an error, so that it stops nothing else.
 *
 * @param paths files, folders, archives; "-" for one picture or archive from standard input
 */
export async function findPictures(
  paths: readonly GivenPath[],
  options: PictureOptions = {},
): Promise<FoundPictures> {
  const skipped = new Map<string, number>();
  const skip = (reason: string, count = 1): void =>
    void skipped.set(reason, (skipped.get(reason) ?? 0) + count);
  const spool: string[] = [];
  const sources: Source[] = [];
  for (const path of paths) {
    try {
      sources.push(...(await sourcesOf(path, skip, spool, options)));
    } catch (error) {
      if (!(error instanceof OalError)) throw error;
      sources.push(failing(shownPath(path), error));
    }
  }
  return {
    count: sources.reduce((sum, { count }) => sum + count, 0),
    skipped,
    async *pictures() {
      for (const source of sources) yield* source.pictures();
    },
    close: async () => {
      for (const folder of spool) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function sourcesOf(
  path: GivenPath,
  skip: (reason: string, count?: number) => void,
  spool: string[],
  { input = process.stdin }: PictureOptions,
): Promise<Source[]> {
  if (typeof path !== "string") return sourceOfBytes(path, skip);
  if (path !== standardInput) return sourcesAt(path, path, skip);
  const folder = await mkdtemp(join(tmpdir(), "oal-input-"));
  spool.push(folder);
  const file = join(folder, "input");
  await pipeline(input, createWriteStream(file));
  return sourcesAt(file, standardInput, skip);
}

async function sourcesAt(
  path: string,
  shown: string,
  skip: (reason: string, count?: number) => void,
): Promise<Source[]> {
  if (!existsSync(path)) throw oalError("OAL-D101", { path: shown });
  if (statSync(path).isDirectory()) return [await inside(folderContainer(path), path, shown, skip)];
  if (isArchive(path, shown)) return [await inside(openArchive(path), path, shown, skip)];
  return fileSource(path, shown, skip);
}

/** A picture whose name is no UTF-8. Folders and archives are opened by text alone. */
async function sourceOfBytes(
  path: Buffer,
  skip: (reason: string, count?: number) => void,
): Promise<Source[]> {
  const shown = shownPath(path);
  if (!existsSync(path)) throw oalError("OAL-D101", { path: shown });
  if (statSync(path).isDirectory() || hasArchiveName(shown))
    throw oalError("OAL-D102", {
      file: shown,
      problem: "a folder or archive whose name is no UTF-8: rename it, or give a path above it",
    });
  return fileSource(path, shown, skip);
}

/** A file that is no archive. */
async function fileSource(
  path: GivenPath,
  shown: string,
  skip: (reason: string, count?: number) => void,
): Promise<Source[]> {
  const reason = shown === standardInput ? undefined : await noPicture(path);
  if (reason !== undefined) {
    skip(reason);
    return [];
  }
  return [{ count: 1, pictures: () => [{ id: shown, picture: () => bytesOf(path, shown) }] }];
}

/** Is it an archive to look into? Documents of offices and programs are zip files too: of those only the name tells. */
function isArchive(path: string, shown: string): boolean {
  const kind = archiveKind(path);
  if (kind !== "zip") return kind !== undefined;
  return shown === standardInput || hasArchiveName(path) || needsHead(path);
}

/** Why a file that was named is no picture, neither by its ending nor by its first bytes; undefined for one that is, or may be. */
async function noPicture(path: GivenPath): Promise<string | undefined> {
  const byName = classifyFile(shownPath(path));
  if (byName.is === "picture") return undefined;
  try {
    if (kindOfBytes(await headOf(path))) return undefined;
  } catch {
    return undefined; // told when its turn comes
  }
  return byName.is === "skipped" ? byName.reason : "hidden";
}

/** The pictures in a folder or archive. */
async function inside(
  container: Container,
  path: string,
  shown: string,
  skip: (reason: string, count?: number) => void,
): Promise<Source> {
  const isFolder = statSync(path).isDirectory();
  const { pictures, skipped } = selectPictures(await container.list());
  for (const [reason, count] of skipped) skip(reason, count);
  const nameOf = (member: string): string => join(shown, member);
  if (pictures.length === 0) {
    const what = skippedSentence(skipped) ?? `the ${isFolder ? "folder" : "archive"} is empty`;
    return failing(shown, oalError("OAL-D103", { path: shown, what }));
  }
  return {
    count: pictures.length,
    pictures: () =>
      isFolder ? membersOfFolder(pictures, path, nameOf) : membersOfArchive(container, pictures, nameOf),
  };
}

function* membersOfFolder(
  pictures: SelectedMembers<Member>["pictures"],
  root: string,
  nameOf: (member: string) => string,
): Generator<NamedPicture> {
  for (const { path, problem } of pictures) {
    const id = nameOf(path);
    if (problem === undefined) yield { id, picture: () => bytesOf(locate(root, path), id) };
    else yield { id, picture: () => Promise.reject(oalError("OAL-D102", { file: id, problem })) };
  }
}

/** Every picture of an archive, and what an archive that breaks off leaves unread. */
async function* membersOfArchive(
  container: Container,
  pictures: SelectedMembers<Member>["pictures"],
  nameOf: (member: string) => string,
): AsyncGenerator<NamedPicture> {
  const left = new Set<string>();
  for (const { path, problem } of pictures) {
    if (problem === undefined) left.add(path);
    else yield refused(nameOf(path), oalError("OAL-D102", { file: nameOf(path), problem }));
  }
  try {
    for await (const content of container.read(left)) {
      left.delete(content.path);
      const id = nameOf(content.path);
      if ("bytes" in content) yield { id, picture: content.bytes };
      else yield refused(id, oalError("OAL-D102", { file: id, problem: content.problem }));
    }
  } catch (error) {
    if (!isOalError(error)) throw error;
    for (const path of left) yield refused(nameOf(path), error);
  }
}

function failing(id: string, error: OalError): Source {
  return { count: 1, pictures: () => [refused(id, error)] };
}

function refused(id: string, error: OalError): NamedPicture {
  return { id, picture: () => Promise.reject(error) };
}

/** @throws OAL-D102 when it cannot be read */
async function bytesOf(location: string | Buffer, id: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(location);
  } catch (error) {
    throw oalError("OAL-D102", { file: id, problem: problemOf(error) }, error);
  }
}
