/** Verifying on demand: every file of decoded sets, or of a run's artifacts, is hashed again. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOalError, oalError } from "oal-core";
import { verifyImageSet } from "../data/cachedSet.js";
import { FileHashes, type HashOptions } from "../data/fileHashes.js";
import { manifestName } from "./artifact.js";
import { changedFiles } from "./publishedFiles.js";
import { readRunManifest, shownRecord } from "./runFolder.js";
import { verifyArtifact } from "./store/artifactStore.js";

/** What became of one set or artifact. */
export interface VerifiedFolder {
  readonly folder: string;
  /** A set's or a stage's name. */
  readonly name: string;
  /** What is wrong with it; null when nothing is. */
  readonly problem: string | null;
}

interface Candidate {
  readonly folder: string;
  readonly bytes: number;
  readonly verify: (options: HashOptions) => Promise<string>;
}

/**
 * Hashes every file anew, whatever earlier checks remembered.
 *
 * @param path a cache folder, one decoded set, a run folder, or the store
 * @param onProgress told bytes done and bytes in all
 * @returns one entry per set or artifact, in the order of names
 * @throws OAL-D101 when the path does not exist, OAL-I132 when it holds neither sets nor a run
 */
export async function verifyData(
  path: string,
  {
    signal,
    onProgress,
  }: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<VerifiedFolder[]> {
  if (!existsSync(path)) throw oalError("OAL-D101", { path });
  const candidates = candidatesIn(path);
  if (candidates.length === 0) throw oalError("OAL-I132", { path });
  const total = candidates.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const options: HashOptions = {
    signal,
    onBytes: (count) => onProgress?.((done += count), total),
  };
  const found: VerifiedFolder[] = [];
  for (const { folder, verify } of candidates) {
    signal?.throwIfAborted();
    try {
      found.push({ folder, name: await verify(options), problem: null });
    } catch (error) {
      if (!isOalError(error, "OAL-I103")) throw error;
      found.push({ folder, name: "", problem: error.message });
    }
  }
  return found;
}

function candidatesIn(path: string): Candidate[] {
  if (!statSync(path).isDirectory()) return [];
  const set = (folder: string): Candidate => ({
    folder,
    bytes: bytesIn(folder),
    verify: async (options) => (await verifyImageSet(folder, { ...options, afresh: true })).name,
  });
  if (existsSync(join(path, "set.json"))) return [set(path)];
  const artifacts = join(path, "artifacts");
  const isRunOrStore = ["run.json", "claims"].some((name) => existsSync(join(path, name)));
  if (isRunOrStore && existsSync(artifacts)) {
    const hashes = new FileHashes(join(path, "verified.json"), { afresh: true });
    const made = foldersIn(artifacts, manifestName).map((folder) => ({
      folder,
      bytes: bytesIn(folder),
      verify: async (options: HashOptions) => {
        try {
          return (await verifyArtifact(folder, hashes, options))?.stage ?? "";
        } finally {
          await hashes.save();
        }
      },
    }));
    return [
      ...publishedIn(path),
      ...made,
      ...danglingIn(artifacts),
      ...foldersIn(join(path, "sets"), "set.json").map(set),
    ];
  }
  return foldersIn(path, "set.json").map(set);
}

/** What a run folder shows as files of its own: models, scores, tables and report. */
function publishedIn(path: string): Candidate[] {
  const manifest = readRunManifest(path);
  const published = (manifest && shownRecord(manifest))?.published ?? {};
  const files = Object.values(published);
  if (files.length === 0) return [];
  return [
    {
      folder: path,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      async verify(options) {
        const [changed, ...more] = await changedFiles(path, published, options);
        if (changed === undefined) return "results";
        const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
        const problem = `it is missing or has changed since the run ended${others}`;
        throw oalError("OAL-I103", { path: join(path, changed), problem });
      },
    },
  ];
}

/** Links to artifacts that are gone: of a run copied from another machine, or after the store was pruned. */
function danglingIn(artifacts: string): Candidate[] {
  return readdirSync(artifacts, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && !existsSync(join(artifacts, entry.name)))
    .map(({ name }) => ({
      folder: join(artifacts, name),
      bytes: 0,
      verify: () =>
        Promise.reject(
          oalError("OAL-I103", { path: join(artifacts, name), problem: "the artifact it leads to is gone" }),
        ),
    }));
}

/** Folders in a folder that hold a file of this name. */
function foldersIn(path: string, name: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .sort()
    .map((entry) => join(path, entry))
    .filter((folder) => existsSync(join(folder, name)));
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
