/** Runs the built command line as a user does: a child process, its output and its exit status. */
import { spawnSync, type SpawnSyncOptions } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The built entry point. */
export const main = fileURLToPath(new URL("../../packages/oal/dist/cli/main.js", import.meta.url));

/** Runs `oal` with arguments in a folder. */
export function oal(
  args: readonly string[],
  options: Pick<SpawnSyncOptions, "cwd" | "uid" | "gid"> = {},
): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    ...options,
    env: { ...process.env, NO_COLOR: "1", COLUMNS: "80" },
  });
  return { stdout: String(stdout), stderr: String(stderr), status };
}
