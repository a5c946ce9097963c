/**
 * Runs the built command line inside the test's own process: what it writes and its exit status, without the half second in which a
 * process starts. For whatever does not ask how a process starts, is stopped or ends, and loads no plugins, which stay.
 */
import { vi } from "vitest";
import { finish } from "../../packages/oal/dist/cli/failure.js";
import { buildProgram } from "../../packages/oal/dist/cli/program.js";

Object.assign(process.env, { NO_COLOR: "1", COLUMNS: "80" });

/** What a command wrote. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/**
 * Runs `oal` with arguments.
 *
 * @param cwd  the folder it runs in; default: where the tests run
 */
export async function oalInside(args: readonly string[], { cwd }: { cwd?: string } = {}): Promise<Ended> {
  const before = process.cwd();
  const written = { stdout: "", stderr: "" };
  const streams = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk: unknown, ...more: unknown[]): boolean => {
      written[name] += String(chunk);
      const done = more.at(-1);
      if (typeof done === "function") done();
      return true;
    }),
  );
  if (cwd !== undefined) process.chdir(cwd);
  try {
    await buildProgram().parseAsync([...args], { from: "user" });
    return { ...written, status: Number(process.exitCode ?? 0) };
  } catch (error) {
    const status = finish(error, args);
    return { ...written, status };
  } finally {
    process.exitCode = undefined;
    process.chdir(before);
    for (const stream of streams) stream.mockRestore();
  }
}
