/** What the cache of hub models holds, whether it is whole, and taking models out of it. */
import { randomInt } from "node:crypto";
import { lstat, readdir, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { oalError } from "oal-core";
import { blobPath, checksum, partEnding } from "./download.js";
import { commitForm, folderOfRepo, repoOfFolder, writtenName, type HubName } from "./name.js";

/** A state of a model that is on this machine. */
export interface CachedSnapshot {
  readonly commit: string;
  /** Branches and tags that lead to it. */
  readonly revisions: readonly string[];
  readonly folder: string;
  /** Paths, sizes and names of contents; size null where the content is gone. */
  readonly files: readonly { readonly path: string; readonly size: number | null; readonly etag: string }[];
}

/** A model that is on this machine. */
export interface CachedModel {
  readonly repo: string;
  readonly folder: string;
  /** Bytes of all contents, those of unfinished ones too. */
  readonly bytes: number;
  /** Bytes of contents that are not whole. */
  readonly unfinished: number;
  readonly snapshots: readonly CachedSnapshot[];
}

/** All models of a cache, by name. */
export async function cachedModels(cache: string): Promise<CachedModel[]> {
  const folders = await readdir(cache).catch(() => []);
  const named = folders.flatMap((folder) => {
    const repo = repoOfFolder(folder);
    return repo === undefined ? [] : [{ repo, folder: join(cache, folder) }];
  });
  const models = await Promise.all(named.map(({ repo, folder }) => cachedModel(repo, folder)));
  return models.sort((a, b) => (a.repo < b.repo ? -1 : 1));
}

async function cachedModel(repo: string, folder: string): Promise<CachedModel> {
  const refs = await refsOf(folder);
  const commits = (await readdir(join(folder, "snapshots")).catch(() => [])).filter((name) =>
    commitForm.test(name),
  );
  const snapshots = await Promise.all(
    commits.map(async (commit): Promise<CachedSnapshot> => {
      const own = join(folder, "snapshots", commit);
      const revisions = [...refs].flatMap(([revision, target]) => (target === commit ? [revision] : []));
      return { commit, revisions, folder: own, files: await filesOf(own) };
    }),
  );
  snapshots.sort((a, b) => (a.commit < b.commit ? -1 : 1));
  let [bytes, unfinished] = [0, 0];
  for (const name of await readdir(join(folder, "blobs")).catch(() => [])) {
    const size = await sizeOf(join(folder, "blobs", name));
    bytes += size ?? 0;
    if (name.endsWith(partEnding)) unfinished += size ?? 0;
  }
  return { repo, folder, bytes, unfinished, snapshots };
}

async function refsOf(folder: string): Promise<Map<string, string>> {
  const base = join(folder, "refs");
  const refs = new Map<string, string>();
  for (const entry of await readdir(base, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    refs.set(relative(base, path).split(sep).join("/"), (await readFile(path, "utf8")).trim());
  }
  return refs;
}

async function filesOf(snapshot: string): Promise<CachedSnapshot["files"]> {
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const told = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const etag = basename(await readlink(path).catch(() => ""));
    return { path: relative(snapshot, path).split(sep).join("/"), size: await sizeOf(path), etag };
  });
  return (await Promise.all(told)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

/** What a check of cached models found. */
export interface Verification {
  /** Contents that were compared with the checksum that their name is. */
  readonly checked: number;
  /** Contents whose name is no checksum. */
  readonly unknown: number;
  /** A sentence for each that is not whole. */
  readonly damaged: readonly string[];
}

/** Compares every content of some models with its checksum. */
export async function verifyModels(
  models: readonly CachedModel[],
  {
    signal,
    onContent,
  }: { readonly signal?: AbortSignal; readonly onContent?: (done: number, total: number) => void } = {},
): Promise<Verification> {
  let [checked, unknown] = [0, 0];
  const damaged: string[] = [];
  const contents = models.flatMap(({ repo, folder, snapshots }) =>
    [
      ...new Map(
        snapshots.flatMap(({ files }) => files.map((file) => [file.etag || file.path, file] as const)),
      ).values(),
    ].map((file) => ({ repo, folder, ...file })),
  );
  for (const [place, { repo, folder, path, size, etag }] of contents.entries()) {
    signal?.throwIfAborted();
    onContent?.(place, contents.length);
    if (size === null) {
      damaged.push(`${repo}: ${path} is not there`);
      continue;
    }
    const found = etag === "" ? undefined : await checksum(blobPath(folder, etag), etag, size);
    if (found === undefined) unknown++;
    else {
      checked++;
      if (found !== etag) damaged.push(`${repo}: ${path} has other bytes than were fetched`);
    }
  }
  return { checked, unknown, damaged };
}

/** What taking a model out would free, and does. */
export interface Removal {
  /** The model's folder, or the snapshot's where another one stays. */
  readonly folder: string;
  readonly bytes: number;
  /** Takes it out. */
  readonly remove: () => Promise<void>;
}

/**
 * Finds what is to be taken out: the whole model, or, where a revision was given, that state with all that no other one needs.
 *
 * @param whole whether no revision was given
 * @throws OAL-D162 when it is not there
 */
export async function removalOf(cache: string, name: HubName, whole: boolean): Promise<Removal> {
  const folder = join(cache, folderOfRepo(name.repo));
  const model = (await isThere(folder)) ? await cachedModel(name.repo, folder) : undefined;
  const matches = ({ commit, revisions }: CachedSnapshot): boolean =>
    revisions.includes(name.revision) ||
    (/^[0-9a-f]{7,40}$/.test(name.revision) && commit.startsWith(name.revision));
  const snapshot = model?.snapshots.find(matches);
  if (!model || (!whole && !snapshot)) {
    const others = model?.snapshots.flatMap(({ revisions }) => revisions) ?? [];
    throw oalError("OAL-D162", { model: writtenName(name), cache, others });
  }
  const others = model.snapshots.filter((each) => each !== snapshot);
  if (whole || !snapshot || others.length === 0)
    return { folder, bytes: model.bytes, remove: () => removeFolder(folder) };
  const kept = new Set(others.flatMap(({ files }) => files.map(({ etag }) => etag)));
  const gone = new Map(
    snapshot.files.flatMap(({ etag, size }) => (kept.has(etag) ? [] : [[etag, size ?? 0]])),
  );
  return {
    folder: snapshot.folder,
    bytes: [...gone.values()].reduce((sum, size) => sum + size, 0),
    remove: async () => {
      for (const revision of snapshot.revisions) await rm(join(folder, "refs", revision), { force: true });
      await removeFolder(snapshot.folder);
      for (const etag of gone.keys()) if (etag !== "") await rm(blobPath(folder, etag), { force: true });
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Out of sight by a rename, then deleted: what is interrupted leaves no half of a model under its name. */
async function removeFolder(folder: string): Promise<void> {
  const aside = resolve(folder, "..", `.removed-${process.pid}${randomInt(2 ** 40)}`);
  await rename(folder, aside);
  await rm(aside, { recursive: true, force: true });
}
