/**
 * The artifact store: a folder of artifact folders, shared by all runs and any number of processes. An artifact appears by
 * rename, whole or not at all, and is verified, file by file, when it is opened. Who makes an artifact holds the claim on its key; nobody
 * else removes anything, so a damaged one lies there until its stage makes it again.
 */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { oalError } from "oal-core";
import { writeFileWhole } from "../../runtime/writeFile.js";
import {
  artifactFolderName,
  artifactFormat,
  manifestName,
  parseManifest,
  type Artifact,
  type ArtifactManifest,
} from "../artifact.js";
import { FileHashes, sha256OfFile, type HashOptions } from "../../data/fileHashes.js";
import { systemCode, systemError, writeError } from "../../runtime/systemError.js";
import { makeFolder } from "../../runtime/makeFolder.js";

/** Where an artifact in the making lies. */
export interface WorkingFolders {
  /** Its files, of this attempt. */
  readonly folder: string;
  /** What survives a stop; it lies under the key, for the next attempt, whichever process makes that. */
  readonly checkpoints: string;
}

/** Everything of a manifest that the store does not find out itself. */
export type ManifestHead = Omit<ArtifactManifest, "format" | "files">;

/** A store: artifacts, claims on keys, and notes of the runs that use it, in folders of these names. */
export class ArtifactStore {
  readonly folder: string;
  readonly #hashes: FileHashes;

  constructor(folder: string) {
    this.folder = folder;
    this.#hashes = new FileHashes(join(folder, "verified.json"));
  }

  /** Where artifacts lie. */
  get artifacts(): string {
    return join(this.folder, "artifacts");
  }

  /** Where the artifact of a stage and key lies, or will lie. */
  folderOf(stage: string, key: string): string {
    return join(this.artifacts, artifactFolderName(stage, key));
  }

  /**
   * Opens a finished artifact and verifies every file; those that were verified before and have not changed are not read again.
   *
   * @param warn told why the artifact is damaged; it then counts as none
   * @param signal stops between pieces of files
   * @returns null when there is none, or a damaged one
   * @throws OAL-I141 when the system refuses to read it: that it is damaged nobody knows then
   */
  async open(
    stage: string,
    key: string,
    warn: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<Artifact | null> {
    const folder = this.folderOf(stage, key);
    try {
      const manifest = await verifyArtifact(folder, this.#hashes, { signal });
      await this.#hashes.save();
      if (manifest === null) return null;
      if (manifest.key === key) return { key, folder, manifest };
      warn(`${folder} holds another artifact than its name says`);
    } catch (error) {
      const problem = damage(error);
      if (problem === null) throw systemError(folder, error);
      warn(problem);
    }
    return null;
  }

  /** Where the claims on keys lie. */
  get claims(): string {
    return join(this.folder, "claims");
  }

  /** The manifest of an artifact that seems to be there; its files are not verified. Null when there is none. */
  async look(stage: string, key: string): Promise<ArtifactManifest | null> {
    const path = join(this.folderOf(stage, key), manifestName);
    const manifest = parseManifest(await readFile(path, "utf8").catch(() => ""));
    return manifest?.key === key ? manifest : null;
  }

  /** Where an attempt that was stopped keeps what the next one goes on from; there may be none. */
  checkpointsOf(stage: string, key: string): string {
    return join(this.artifacts, `.${artifactFolderName(stage, key)}.checkpoints`);
  }

  /**
   * The working folders of an artifact in the making; the caller holds the claim on the key, and has found none under it. A damaged one,
   * and what earlier attempts left, are removed, but for their checkpoints.
   *
   * @throws OAL-I101 when they cannot be written
   */
  async begin(stage: string, key: string): Promise<WorkingFolders> {
    const name = `.${artifactFolderName(stage, key)}`;
    const folder = join(this.artifacts, `${name}.partial-${process.pid}-${randomBytes(4).toString("hex")}`);
    const checkpoints = this.checkpointsOf(stage, key);
    return this.#write(folder, async () => {
      await makeFolder(checkpoints);
      await rm(this.folderOf(stage, key), { recursive: true, force: true });
      for (const entry of await readdir(this.artifacts)) {
        if (entry.startsWith(`${name}.partial-`))
          await rm(join(this.artifacts, entry), { recursive: true, force: true });
      }
      await mkdir(folder);
      return { folder, checkpoints };
    });
  }

  /**
   * Turns a working folder into an artifact: hashes its files, writes the manifest, renames.
   *
   * @throws OAL-I101 when it cannot be written
   */
  async publish({ folder: working, checkpoints }: WorkingFolders, head: ManifestHead): Promise<Artifact> {
    const folder = this.folderOf(head.stage, head.key);
    return this.#write(folder, async () => {
      await rm(join(working, manifestName), { force: true });
      const files: ArtifactManifest["files"] = {};
      for (const path of await filesIn(working)) {
        const name = relative(working, path).split(sep).join("/");
        files[name] = { sha256: await sha256OfFile(path), bytes: (await stat(path)).size };
      }
      const manifest: ArtifactManifest = { format: artifactFormat, ...head, files };
      await writeFileWhole(join(working, manifestName), JSON.stringify(manifest, null, 2) + "\n");
      await rm(folder, { recursive: true, force: true });
      await rename(working, folder);
      await rm(checkpoints, { recursive: true, force: true });
      return { key: head.key, folder, manifest };
    });
  }

  async #write<T>(path: string, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      throw writeError(path, error);
    }
  }
}

/**
 * Reads and checks an artifact folder.
 *
 * @param hashes remembers files that were hashed before
 * @returns its manifest, or null when the folder does not exist
 * @throws OAL-I103 naming the file that is missing, cut short or changed
 */
export async function verifyArtifact(
  folder: string,
  hashes: FileHashes,
  options: HashOptions = {},
): Promise<ArtifactManifest | null> {
  const path = join(folder, manifestName);
  const text = await manifestText(folder);
  if (text === null) return null;
  const manifest = parseManifest(text);
  if (manifest === null) throw oalError("OAL-I103", { path, problem: "it is no manifest of this version" });
  for (const [name, { sha256, bytes }] of Object.entries(manifest.files)) {
    const file = join(folder, name);
    const found = await statIfThere(file);
    if (found === null) throw oalError("OAL-I103", { path: file, problem: "it is missing" });
    if (!found.isFile()) throw oalError("OAL-I103", { path: file, problem: "it is no file any more" });
    if (found.size !== bytes) {
      throw oalError("OAL-I103", { path: file, problem: `it has ${found.size} bytes instead of ${bytes}` });
    }
    if ((await hashes.of(file, options)) !== sha256) {
      throw oalError("OAL-I103", { path: file, problem: "its content has changed since it was written" });
    }
  }
  return manifest;
}

/** The text of a folder's manifest; null when there is no folder. @throws OAL-I103 for a folder without one */
async function manifestText(folder: string): Promise<string | null> {
  const path = join(folder, manifestName);
  try {
    return (await readIfThere(path)) ?? ((await statIfThere(folder)) && (await readAgain(path)));
  } catch (error) {
    if (systemCode(error) === "EISDIR")
      throw oalError("OAL-I103", { path, problem: "it is a folder" }, error);
    throw error;
  }
}

/** Reads a manifest whose folder is there: it may have appeared, whole, since the manifest was looked for. */
async function readAgain(path: string): Promise<string> {
  const text = await readIfThere(path);
  if (text === null) throw oalError("OAL-I103", { path, problem: "it is missing" });
  return text;
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Whether the system says that a file is not there; that it cannot be read, or that a drive does not answer, says nothing of that. */
function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "");
}

function damage(error: unknown): string | null {
  return error instanceof Error && "code" in error && error.code === "OAL-I103" ? error.message : null;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
