/** The operating system's refusals, as sentences instead of codes, and as errors of the catalogue. */
import { oalError } from "oal-core";

const problems: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would become too large",
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a file of that name is in the way",
  EISDIR: "a folder of that name is in the way",
  ENOTEMPTY: "the folder is not empty",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
  ENXIO: "no such device",
  ENODEV: "no such device",
  EIO: "input or output error",
  EBADF: "it is not open for this",
  EBUSY: "it is in use",
  EMFILE: "too many open files",
  ENFILE: "too many open files in the whole system",
  ENOMEM: "out of memory",
  ESTALE: "the network drive lost it",
  ETIMEDOUT: "the network drive does not answer",
};

/** The system's code of an error ("ENOSPC"), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** What the system refused, in words; undefined for an error that is not the system's. */
export function systemProblem(error: unknown): string | undefined {
  const code = systemCode(error);
  return code === undefined ? undefined : (problems[code] ?? `the system says ${code}`);
}

/**
 * OAL-I101 for an error of the system that a write met; every other error is returned as it is, ready to be thrown.
 *
 * @param path what was being written
 * @param error what was caught
 */
export function writeError(path: string, error: unknown): Error {
  const problem = systemProblem(error);
  if (problem === undefined) return error instanceof Error ? error : new Error(String(error));
  return oalError("OAL-I101", { path: pathOf(error) ?? path, problem }, error);
}

/** The path that an error of the system names; of a rename the new name, since the old one is a name of ours. */
function pathOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("dest" in error && typeof error.dest === "string") return error.dest;
  return "path" in error && typeof error.path === "string" ? error.path : undefined;
}

/** Refusals that only a write meets. */
const writesOnly = new Set(["ENOSPC", "EDQUOT", "EROFS", "EFBIG"]);

/**
 * For code that reads and writes: OAL-I101 for what only a write meets, OAL-I141 for the system's other refusals; every
 * other error is returned as it is, ready to be thrown.
 *
 * @param path what was being worked on, where the error does not say
 * @param error what was caught
 */
export function systemError(path: string, error: unknown): Error {
  const problem = systemProblem(error);
  if (problem === undefined) return error instanceof Error ? error : new Error(String(error));
  const write = writesOnly.has(systemCode(error) ?? "");
  if (write) return writeError(path, error);
  // the working folder is asked for wherever a relative path is met; when it is gone, no path of the user's is at fault
  if (error instanceof Error && "syscall" in error && error.syscall === "uv_cwd")
    return oalError("OAL-I142", {}, error);
  return oalError("OAL-I141", { path: pathOf(error) ?? path, problem }, error);
}
