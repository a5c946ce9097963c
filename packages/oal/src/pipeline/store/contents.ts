/** What lies in a store, which runs name it, and what nobody names any more. */
import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { manifestName, parseManifest } from "../artifact.js";
import { readRunManifest } from "../runFolder.js";
import { systemCode, systemProblem, writeError } from "../../runtime/systemError.js";
import type { ArtifactStore } from "./artifactStore.js";
import { claimOwner, tryClaim } from "../../runtime/claims/claim.js";
import { registeredRuns } from "./registry.js";

/** A folder of the store: an artifact, or what a stopped attempt left. */
export interface StoreEntry {
  /** Name of the folder. */
  readonly name: string;
  readonly kind: "artifact" | "unfinished";
  /** "teacher", "student:oal"; "" where it cannot be told. */
  readonly stage: string;
  /** Whole for artifacts, its first 12 digits for the rest. */
  readonly key: string;
  readonly bytes: number;
  /** Seconds it took to make; null for what is unfinished. */
  readonly seconds: number | null;
  /** Run folders that name it, or an artifact that was made from it. */
  readonly runs: readonly string[];
}

/** Everything in the store, largest first. @throws OAL-I106 when it is no folder or may not be read */
export async function storeContents(store: ArtifactStore): Promise<StoreEntry[]> {
  const names = await readdir(store.artifacts).catch((error: unknown) => {
    const problem = systemProblem(error);
    if (problem === undefined) throw error;
    // A store in which nothing was made yet is empty; one that is no folder is none.
    if (systemCode(error) === "ENOENT") return [];
    throw oalError("OAL-I106", { path: store.folder, problem }, error);
  });
  const entries = await Promise.all(names.map((name) => entryOf(store, name)));
  const found = entries.filter((entry) => entry !== null);
  const users = await usersOf(store, found);
  return found
    .map((entry) => ({ ...entry, runs: [...(users.get(entry.key.slice(0, 12)) ?? [])].sort() }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

type Found = Omit<StoreEntry, "runs"> & { readonly inputs: readonly string[] };

async function entryOf(store: ArtifactStore, name: string): Promise<Found | null> {
  const folder = join(store.artifacts, name);
  const key = /-([0-9a-f]{12})(\.|$)/.exec(name)?.[1];
  if (key === undefined) return null;
  const bytes = await sizeOf(folder);
  const manifest = name.startsWith(".")
    ? null
    : parseManifest(await readFile(join(folder, manifestName), "utf8").catch(() => ""));
  if (manifest === null)
    return { name, kind: "unfinished", stage: "", key, bytes, seconds: null, inputs: [] };
  const { stage, key: whole, seconds, inputs } = manifest;
  return { name, kind: "artifact", stage, key: whole, bytes, seconds, inputs: Object.values(inputs) };
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(
      async (entry) => (await lstat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0,
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** By the first 12 digits of a key: the existing run folders that name it, directly or through what was made from it. */
async function usersOf(store: ArtifactStore, found: readonly Found[]): Promise<Map<string, Set<string>>> {
  const byKey = new Map(found.filter(({ kind }) => kind === "artifact").map((entry) => [entry.key, entry]));
  const users = new Map<string, Set<string>>();
  const mark = (key: string, run: string): void => {
    const short = key.slice(0, 12);
    const known = users.get(short) ?? new Set();
    if (known.has(run)) return;
    users.set(short, known.add(run));
    for (const input of byKey.get(key)?.inputs ?? []) mark(input, run);
  };
  for (const { name, key } of await recentPlans(store.folder)) mark(key, name);
  for (const run of await registeredRuns(store.folder)) {
    const manifest = readRunManifest(run);
    for (const record of [manifest?.current, manifest?.previous]) {
      for (const key of Object.values(record?.planned ?? {})) mark(key, run);
      for (const { key } of Object.values(record?.stages ?? {})) mark(key, run);
    }
  }
  return users;
}

/** Days for which what was planned is kept although no run names it: `oal stage` makes a run in pieces. */
const planDays = 30;

async function recentPlans(store: string): Promise<{ readonly name: string; readonly key: string }[]> {
  const folder = join(store, "plans");
  const oldest = Date.now() - planDays * 86_400_000;
  const plans: { name: string; key: string }[] = [];
  for (const file of await readdir(folder).catch(() => [])) {
    const { mtime } = await lstat(join(folder, file));
    if (mtime.getTime() >= oldest)
      plans.push({ name: `a plan of ${mtime.toISOString().slice(0, 10)}`, key: file.slice(0, 64) });
  }
  return plans;
}

/** Registered run folders that are not there: moved, perhaps, or removed. */
export async function missingRuns(store: ArtifactStore): Promise<string[]> {
  return (await registeredRuns(store.folder)).filter((run) => readRunManifest(run) === null);
}

/**
 * Removes entries that no run names; those that a process is making are left.
 *
 * @returns what was removed
 * @throws OAL-I101 when the store cannot be written
 */
export async function removeUnused(
  store: ArtifactStore,
  entries: readonly StoreEntry[],
): Promise<StoreEntry[]> {
  const removed: StoreEntry[] = [];
  for (const entry of entries.filter(({ runs }) => runs.length === 0)) {
    if (await isBusy(store, entry)) continue;
    try {
      await rm(join(store.artifacts, entry.name), { recursive: true });
      removed.push(entry);
    } catch (error) {
      // Another process may be pruning too.
      if (systemCode(error) !== "ENOENT") throw writeError(join(store.artifacts, entry.name), error);
    }
  }
  return removed;
}

/** Whether a process is making this key now. */
async function isBusy(store: ArtifactStore, { kind, key }: StoreEntry): Promise<boolean> {
  if (kind === "artifact") {
    const attempt = await tryClaim(store.claims, key);
    if (!("claim" in attempt)) return true;
    await attempt.claim.release();
    return false;
  }
  const names = await readdir(store.claims).catch(() => []);
  const whole = names.find((name) => name.startsWith(key) && /^[0-9a-f]{64}\.\d+$/.test(name))?.slice(0, 64);
  return whole !== undefined && (await claimOwner(store.claims, whole)) !== null;
}
