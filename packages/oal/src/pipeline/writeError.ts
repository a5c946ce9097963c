/** Turns the operating system's refusals to write into OAL-I101, with a sentence instead of a code. */
import { oalError } from "oal-core";

const problems: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a file of that name is in the way",
  EISDIR: "a folder of that name is in the way",
  EMFILE: "too many open files",
};

/** The system's code of an error ("ENOSPC"), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/**
 * OAL-I101 for an error that a write can meet; every other error is returned as it is, ready to be thrown.
 *
 * @param path what was being written
 * @param error what was caught
 */
export function writeError(path: string, error: unknown): Error {
  const problem = problems[systemCode(error) ?? ""];
  if (problem === undefined) return error instanceof Error ? error : new Error(String(error));
  const at = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : path;
  return oalError("OAL-I101", { path: at, problem }, error);
}
