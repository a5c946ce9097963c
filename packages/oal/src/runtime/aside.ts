/**
 * Names for what is made aside before it takes its place or is thrown away, and the removal of what killed processes left under such
 * names. A name says which process made it, in a form that only a process that can judge it reads: the host and its namespace of process
 * numbers, so that containers that share a host name and a folder leave each other's work alone.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** The host, and the namespace in which a number is that of a process (Linux; elsewhere 0). */
function place(): string {
  let namespace = "0";
  try {
    namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    // a system without namespaces
  }
  return `${hostname()}-${namespace}`;
}

/**
 * A name beside a path that no other process uses, nor another part of this one.
 *
 * @param pid  of the process that makes it. Default: this one
 */
export function asideOf(path: string, pid = process.pid): string {
  return `${path}.${place()}-${pid}-${randomBytes(4).toString("hex")}`;
}

/** Removes what processes of this place that are gone left beside a path; what cannot be removed stays. */
export function sweepAside(path: string): void {
  const prefix = `${basename(path)}.${place()}-`;
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return; // nothing was made yet
  }
  for (const name of names) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (!(pid > 0) || isAlive(pid)) continue;
    try {
      rmSync(join(dirname(path), name), { recursive: true, force: true });
    } catch {
      // another process is at it, or it is another user's
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
