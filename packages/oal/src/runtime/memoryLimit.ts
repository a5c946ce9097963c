/** How much memory this process may use: the limit of its control group (containers), or what the machine has. */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";

/** A limit and where it comes from. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly source: "container" | "machine";
}

/**
 * The smallest limit that holds: control groups of version 2 (`memory.max`) and 1 (`memory.limit_in_bytes`), of the process's own group
 * and of every group around it, and the machine's memory.
 *
 * @param root  where /proc and /sys are found; another folder for tests
 * @param machine  bytes of the machine
 */
export function memoryLimit(root = "/", machine: number = totalmem()): MemoryLimit {
  const limits = groupFiles(root).flatMap((path) => {
    const bytes = Number(read(path)?.trim());
    return Number.isFinite(bytes) && bytes > 0 ? [bytes] : [];
  });
  const container = Math.min(Infinity, ...limits);
  // version 1 writes "no limit" as a number near 2^63
  return container < machine
    ? { bytes: container, source: "container" }
    : { bytes: machine, source: "machine" };
}

/** Files that may hold a limit. */
function groupFiles(root: string): string[] {
  const lines = read(join(root, "proc/self/cgroup"))?.split("\n") ?? [];
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) return [];
    if (controllers === "") return around(path, join(root, "sys/fs/cgroup"), "memory.max");
    if (!controllers.split(",").includes("memory")) return [];
    return around(path, join(root, "sys/fs/cgroup/memory"), "memory.limit_in_bytes");
  });
}

/** A file in a group's folder and in every folder above it; inside a container the group's own path may not be there, only the top. */
function around(path: string, top: string, name: string): string[] {
  const files = [join(top, name)];
  for (let at = path; at !== "/"; at = dirname(at)) files.push(join(top, at, name));
  return files;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
