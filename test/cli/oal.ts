/** Runs the built command line as a user does: a child process, its output and its exit status. */
import { spawnSync, type SpawnSyncOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The built entry point. */
export const main = fileURLToPath(new URL("../../packages/oal/dist/cli/main.js", import.meta.url));

assertBuilt();

/** These tests run what was built: refuses a build that is older than the sources, by the compiler's own judgement. */
function assertBuilt(): void {
  const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
  const { stdout } = spawnSync(
    process.execPath,
    [compiler, "-b", "--dry", "--locale", "en", "tsconfig.json"],
    { cwd: root, encoding: "utf8" },
  );
  if (!existsSync(main) || stdout.includes("would build"))
    throw new Error("packages/*/dist is older than the sources, or missing: run npm run build.");
}

const isRoot = process.getuid?.() === 0;
// Root may write anywhere; without these two capabilities it has the rights of any owner.
const plainOwner = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

/** Whether a process can be refused a folder: always, unless root cannot give its rights away (no util-linux). */
export const canBeRefused =
  !isRoot || spawnSync(plainOwner[0] ?? "", [...plainOwner.slice(1), "true"]).status === 0;

/** Runs `oal` with arguments in a folder; `plainRights`: by root too as if by the owner of its files, whom a folder can refuse. */
export function oal(
  args: readonly string[],
  { plainRights = false, ...options }: Pick<SpawnSyncOptions, "cwd"> & { plainRights?: boolean } = {},
): { stdout: string; stderr: string; status: number | null } {
  const [program = "", ...rest] = [
    ...(plainRights && isRoot ? plainOwner : []),
    process.execPath,
    main,
    ...args,
  ];
  const { stdout, stderr, status } = spawnSync(program, rest, {
    encoding: "utf8",
    ...options,
    env: { ...process.env, NO_COLOR: "1", COLUMNS: "80" },
  });
  return { stdout: String(stdout), stderr: String(stderr), status };
}
