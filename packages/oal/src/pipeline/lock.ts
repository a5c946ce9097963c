/**
 * One process per run folder. proper-lockfile holds the lock; a note beside it says who holds it, so that the refusal can
 * name the process, and so that the lock of a process that was killed is taken over at once instead of after a minute.
 */
import { readFileSync, rmdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { oalError } from "oal-core";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { systemCode, writeError } from "./systemError.js";
import { writeFileWhole } from "../runtime/writeFile.js";

const ownerSchema = z.object({ pid: z.number(), host: z.string(), since: z.string(), ticks: z.string() });
type Owner = z.infer<typeof ownerSchema>;

const heldHere = new Set<string>();

/** A held lock. */
export interface HeldLock {
  /** Whether it was lost (the machine slept too long and another process took it, or the folder was deleted). */
  readonly lost: boolean;
  release(): Promise<void>;
}

/**
 * Locks a folder.
 *
 * @throws OAL-I102 when another live process, or another run in this process, holds it; OAL-I101 when it cannot be written
 */
export async function lockFolder(folder: string): Promise<HeldLock> {
  const lockPath = join(folder, "run.lock");
  const ownerPath = join(folder, "run.lock.json");
  const state = { lost: false };
  const take = async (): Promise<() => Promise<void>> =>
    lock(folder, {
      lockfilePath: lockPath,
      stale: 60_000,
      update: 5000,
      onCompromised: () => {
        state.lost = true;
      },
    });
  let unlock: () => Promise<void>;
  try {
    unlock = await take().catch(async (error: unknown) => {
      if (systemCode(error) !== "ELOCKED") throw error;
      const owner = readOwner(ownerPath);
      if (heldHere.has(folder) || owner === null || !isGone(owner)) throw error;
      rmdirSync(lockPath);
      return take();
    });
    const me: Owner = {
      pid: process.pid,
      host: hostname(),
      since: new Date().toISOString(),
      ticks: startTicks(process.pid),
    };
    await writeFileWhole(ownerPath, JSON.stringify(me) + "\n");
  } catch (error) {
    if (systemCode(error) !== "ELOCKED") throw writeError(folder, error);
    const owner = readOwner(ownerPath);
    const who = owner === null ? "unknown" : `process ${owner.pid} on ${owner.host} since ${owner.since}`;
    throw oalError("OAL-I102", { path: folder, owner: who }, error);
  }
  heldHere.add(folder);
  return {
    get lost() {
      return state.lost;
    },
    async release() {
      heldHere.delete(folder);
      if (state.lost) return;
      rmSync(ownerPath, { force: true });
      await unlock();
    },
  };
}

function readOwner(path: string): Owner | null {
  try {
    return ownerSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data ?? null;
  } catch {
    return null;
  }
}

/** True only when surely gone: same machine, and no process of that number that started at that moment. */
function isGone(owner: Owner): boolean {
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return systemCode(error) === "ESRCH";
  }
  const ticks = startTicks(owner.pid);
  return ticks !== "" && owner.ticks !== "" && ticks !== owner.ticks;
}

/** When a process started, in clock ticks since boot (Linux; elsewhere ""): tells a reused process number apart. */
function startTicks(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
