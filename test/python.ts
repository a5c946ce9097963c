/** A Python with the packages that a test asks for, where there is one. */
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

/** Pythons that may be there, the one that was asked for first; the last is what .ci/run makes. */
const pythons = [
  process.env["OAL_PYTHON"],
  process.env["OAL_BENCH_PYTHON"],
  "python3",
  "/usr/bin/python3",
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "oal-python", "bin", "python"),
].filter((python) => python !== undefined);

/** The first Python that has some packages; undefined where none has. */
export function pythonWith(packages: string): string | undefined {
  return pythons.find((python) => spawnSync(python, ["-c", `import ${packages}`]).status === 0);
}

/** What a title says where no Python has `what`. */
export function missingPython(found: string | undefined, what: string): string {
  return found === undefined ? ` (skipped: no Python with ${what}; OAL_PYTHON names one)` : "";
}
