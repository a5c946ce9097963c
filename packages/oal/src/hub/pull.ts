/** A model of the hub into the cache, in the hub's own layout: all the files that were chosen, or nothing new. */
import { rename, rm, statfs, symlink } from "node:fs/promises";
import { copyFile, readlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { oalError } from "oal-core";
import { makeFolder } from "../runtime/makeFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import type { Patience } from "./again.js";
import { chooseFiles } from "./choose.js";
import { blobPath, fetchFile, isPresent, presentBytes, type Checked } from "./download.js";
import { listModel, type HubFile } from "./listing.js";
import { commitForm, folderOfRepo, writtenName, type HubName } from "./name.js";
import type { HubPlace } from "./place.js";
import { writeError } from "../runtime/systemError.js";

/** How far a pull is. */
export interface PullProgress {
  /** The file that comes. */
  readonly path: string;
  /** Bytes of all files that are there. */
  readonly bytes: number;
  /** Bytes of all files. */
  readonly total: number;
}

/** Choices of a pull. */
export interface PullOptions extends Patience {
  /** Which files; none: the model and what belongs to it (`chooseFiles`). */
  readonly patterns?: readonly string[];
  /** Asked before more than a gigabyte is fetched. Default: no. */
  readonly approve?: (bytes: number, files: readonly HubFile[]) => Promise<boolean>;
  readonly onProgress?: (progress: PullProgress) => void;
  /** Bytes that the disk of a folder has left. Default: what the system says. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** A file of a pulled model. */
export interface PulledFile extends HubFile {
  /** Whether it was there already. */
  readonly kept: boolean;
  /** What it was compared with; null for one that was there. */
  readonly checked: Checked | null;
}

/** A model that was pulled. */
export interface PulledModel extends HubName {
  readonly commit: string;
  /** The snapshot's folder, with all files under their own names. */
  readonly folder: string;
  readonly files: readonly PulledFile[];
  /** Bytes that were fetched now. */
  readonly fetched: number;
}

/** More than this is fetched only where it was approved. */
const askedFrom = 1e9;

/**
 * Fetches a model.
 *
 * @throws OAL-C223 when more than a gigabyte was not approved, OAL-I101 when the disk has no room for it, and as `listModel`,
 *   `chooseFiles` and `fetchFile`
 */
export async function pullModel(
  place: HubPlace,
  name: HubName,
  options: PullOptions = {},
): Promise<PulledModel> {
  const listing = await listModel(place, name, options);
  const files = await listing.facts(chooseFiles(name, listing.paths, options.patterns ?? []));
  const folder = join(place.cache, folderOfRepo(name.repo));
  const before = await Promise.all(files.map((file) => presentBytes(folder, file)));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const missing = total - before.reduce((sum, bytes) => sum + bytes, 0);
  await expectRoom(place.cache, missing, options.freeBytes ?? freeBytesOf);
  if (missing > askedFrom && !(await options.approve?.(missing, files)))
    throw oalError("OAL-C223", { model: writtenName(name), bytes: missing });

  const pulled: PulledFile[] = [];
  let done = 0;
  for (const file of files) {
    const kept = await isPresent(folder, file);
    const base = done;
    const onBytes = (bytes: number): void =>
      options.onProgress?.({ path: file.path, bytes: base + bytes, total });
    const checked = kept
      ? null
      : await fetchFile({ place, name, commit: listing.commit, file, folder, onBytes }, options);
    pulled.push({ ...file, kept, checked });
    done += file.size;
  }
  const snapshot = join(folder, "snapshots", listing.commit);
  await linkAll(folder, snapshot, files);
  if (!commitForm.test(name.revision)) {
    const ref = join(folder, "refs", name.revision);
    await makeFolder(dirname(ref));
    await writeFileWhole(ref, listing.commit);
  }
  return { ...name, commit: listing.commit, folder: snapshot, files: pulled, fetched: missing };
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function expectRoom(
  cache: string,
  bytes: number,
  freeBytes: (folder: string) => Promise<number>,
): Promise<void> {
  try {
    await makeFolder(cache);
    const free = await freeBytes(cache);
    if (free >= bytes) return;
    throw oalError("OAL-I101", { path: cache, problem: `${bytes} bytes are to come, ${free} are free` });
  } catch (error) {
    throw writeError(cache, error);
  }
}

/** Makes the snapshot whole: a new one beside its place and renamed, an older one with what it lacks. */
async function linkAll(folder: string, snapshot: string, files: readonly HubFile[]): Promise<void> {
  const aside = join(dirname(snapshot), `.${process.pid}`);
  try {
    await rm(aside, { recursive: true, force: true });
    for (const file of files) await link(folder, join(aside, file.path), file);
    await rename(aside, snapshot);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!(
      error instanceof Error &&
      "code" in error &&
      ["ENOTEMPTY", "EEXIST", "EPERM"].includes(String(error.code))
    ))
      throw error;
    for (const file of files) await link(folder, join(snapshot, file.path), file);
  }
}

/** A name for a content: a link as the hub's programs make it, or a copy where the system allows no links. */
async function link(folder: string, path: string, { etag }: HubFile): Promise<void> {
  const blob = blobPath(folder, etag);
  const target = relative(dirname(path), blob);
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await makeFolder(dirname(path));
  await rm(path, { force: true });
  try {
    await symlink(target, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) throw error;
    await copyFile(blob, path);
  }
}
