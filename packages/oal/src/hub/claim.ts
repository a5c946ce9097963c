/** One process at a time for a file of the cache. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { oalError } from "oal-core";

/**
 * Does something while a lock file says that this process does it. A lock whose process is gone is taken over.
 *
 * @throws OAL-D169 when another process holds it
 */
export async function whileClaimed<T>(lock: string, what: string, body: () => Promise<T>): Promise<T> {
  const own = `${process.pid} ${hostname()}`;
  for (let attempt = 0; ; attempt++) {
    try {
      await writeFile(lock, own, { flag: "wx" });
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
        const problem = error instanceof Error ? error.message : String(error);
        throw oalError("OAL-I101", { path: lock, problem }, error);
      }
    }
    const holder = await readFile(lock, "utf8").catch(() => "");
    if (attempt > 0 || isAlive(holder)) throw oalError("OAL-D169", { what, lock, holder });
    await rm(lock, { force: true });
  }
  try {
    return await body();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whether the process of "PID HOST" runs; of other machines nothing is known, so they are believed. */
function isAlive(holder: string): boolean {
  const [, pid = "", host = ""] = /^(\d+) (.+)$/s.exec(holder) ?? [];
  if (pid === "") return false;
  if (host !== hostname()) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
