/**
 * Claims: at most one process works on a thing, and the claim of a dead process is taken over by exactly one.
 *
 * A claim is a folder NAME.GENERATION with owner.json and a heartbeat. It is made aside and appears by rename, which fails
 * where the folder exists; so of all who want generation g exactly one gets it, complete with its owner. The highest
 * generation counts. Who finds it released or its owner dead tries for the next one; who gets one checks that there is no
 * higher, since a slow process may have judged by an old state. The highest folder is never removed, so that generations
 * only grow, and no two processes can both be the highest.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode, writeError } from "../systemError.js";
import { lifeOf, ownerSchema, thisProcess, type Owner } from "./owner.js";
import { makeFolder } from "../makeFolder.js";

/** A heartbeat older than this is that of a dead owner, where a look at the process itself says nothing. */
const deadAfter = 60_000;
const beatEvery = 5_000;

/** A claim that this process holds. */
export interface Claim {
  /** Whether it is still ours; not after this process was stopped so long that another took over. */
  isHeld(): Promise<boolean>;
  /** Gives it back; the next process takes it at once. */
  release(): Promise<void>;
}

/** The outcome of trying: the claim, or who holds it. */
export type ClaimAttempt = { readonly claim: Claim } | { readonly owner: Owner | null };

interface Highest {
  readonly generation: number;
  readonly all: readonly number[];
}

async function generations(folder: string, name: string): Promise<Highest> {
  const prefix = `${name}.`;
  const entries = await readdir(folder);
  const all = entries
    .filter((entry) => entry.startsWith(prefix) && /^\d+$/.test(entry.slice(prefix.length)))
    .map((entry) => Number(entry.slice(prefix.length)));
  return { generation: Math.max(-1, ...all), all };
}

/** What the file system's own clock says, so that machines with other clocks judge heartbeats alike. */
async function timeOf(folder: string): Promise<number> {
  const probe = join(folder, `.clock-${process.pid}-${randomBytes(4).toString("hex")}`);
  await writeFile(probe, "");
  const { mtimeMs } = await stat(probe);
  await rm(probe, { force: true });
  return mtimeMs;
}

type State = "free" | { readonly owner: Owner | null };

/**
 * Whether the claim in a generation's folder still counts. On this machine the process itself says so, however long its thread has been
 * too busy for a heartbeat; of others, and where the owner's note cannot be read, the last sign of life does.
 */
async function stateOf(folder: string, path: string): Promise<State> {
  let owner: Owner | null = null;
  try {
    if ((await readdir(path)).includes("released")) return "free";
    owner = await ownerIn(path);
    const life = owner === null ? "unknown" : lifeOf(owner);
    if (life !== "unknown") return life === "gone" ? "free" : { owner };
    return (await timeOf(folder)) - (await lastSign(path)) > deadAfter ? "free" : { owner };
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    // A folder that vanishes meanwhile was superseded: look again.
    return { owner };
  }
}

/** Who a claim says holds it; null where its note is gone, or cut short by a full disk or a power failure. */
async function ownerIn(path: string): Promise<Owner | null> {
  try {
    return ownerSchema.safeParse(JSON.parse(await readFile(join(path, "owner.json"), "utf8"))).data ?? null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** When a claim's owner was last heard of: its heartbeat, and without one the making of the claim. */
async function lastSign(path: string): Promise<number> {
  try {
    return (await stat(join(path, "heartbeat"))).mtimeMs;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    return (await stat(path)).mtimeMs;
  }
}

/** Whether a failed rename means that the target is there already. */
function isTaken(error: unknown): boolean {
  return ["EEXIST", "ENOTEMPTY", "EPERM", "EACCES"].includes(systemCode(error) ?? "");
}

/**
 * Tries to claim a name.
 *
 * @param folder of all claims; made when absent
 * @param name letters, digits, dots and dashes
 * @returns the claim, or the living process that holds it (null when its note cannot be read)
 * @throws OAL-I101 when the folder cannot be written
 */
export async function tryClaim(folder: string, name: string): Promise<ClaimAttempt> {
  try {
    await makeFolder(folder);
    const { generation } = await generations(folder, name);
    if (generation >= 0) {
      const state = await stateOf(folder, join(folder, `${name}.${generation}`));
      if (state !== "free") return state;
    }
    return await take(folder, name, generation + 1);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** The living process that holds a claim; null when nobody does. */
export async function claimOwner(folder: string, name: string): Promise<Owner | null> {
  try {
    const { generation } = await generations(folder, name);
    const state = generation < 0 ? "free" : await stateOf(folder, join(folder, `${name}.${generation}`));
    return state === "free" ? null : state.owner;
  } catch {
    return null;
  }
}

async function take(folder: string, name: string, generation: number): Promise<ClaimAttempt> {
  const path = join(folder, `${name}.${generation}`);
  const aside = asideOf(folder, name);
  await mkdir(aside);
  try {
    await writeFile(join(aside, "owner.json"), JSON.stringify(thisProcess()));
    await writeFile(join(aside, "heartbeat"), "0");
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (isTaken(error)) return { owner: null };
    throw error;
  }
  const after = await generations(folder, name);
  if (after.generation > generation) {
    await drop(folder, name, generation);
    return { owner: null };
  }
  for (const old of after.all) if (old < generation) await drop(folder, name, old);
  return { claim: held(folder, name, generation) };
}

/**
 * Removes a superseded generation. It is renamed first, since a slow process may put its own folder into one that is just being emptied.
 * What cannot be removed counts for nothing, and whoever claims next tries again: it is no reason to fail.
 */
async function drop(folder: string, name: string, generation: number): Promise<void> {
  const aside = asideOf(folder, name);
  try {
    await rename(join(folder, `${name}.${generation}`), aside);
    await rm(aside, { recursive: true, force: true });
  } catch {
    // another process was quicker, or somebody has a file of it open
  }
}

/** A new name beside the claims of a name; `generations` does not see it. */
function asideOf(folder: string, name: string): string {
  return join(folder, `.${name}-${process.pid}-${randomBytes(6).toString("hex")}`);
}

function held(folder: string, name: string, generation: number): Claim {
  const path = join(folder, `${name}.${generation}`);
  let beats = 0;
  const timer = setInterval(() => {
    // A beat that fails (disk full, folder gone) is a missed beat: isHeld tells before anything is published.
    writeFile(join(path, "heartbeat"), String(++beats)).catch(() => undefined);
  }, beatEvery);
  timer.unref();
  const isHeld = async (): Promise<boolean> => {
    try {
      return (await generations(folder, name)).generation === generation;
    } catch {
      return false;
    }
  };
  return {
    isHeld,
    async release() {
      clearInterval(timer);
      if (await isHeld()) await writeFile(join(path, "released"), "").catch(() => undefined);
    },
  };
}
