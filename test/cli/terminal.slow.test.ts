import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { main, oal } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-terminal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of bash in which `oal` is the command; `status` is that of oal, also in front of a pipe. */
function bash(line: string): { stdout: string; stderr: string; status: number | null } {
  const script = `oal() { "${process.execPath}" "${main}" "$@"; }; ${line}; exit "\${PIPESTATUS[0]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script], { encoding: "utf8", cwd: folder });
  return { stdout, stderr, status };
}

const quiet = { stderr: "", status: 0 };

describe.skipIf(process.platform === "win32")("standard output", () => {
  it("that the reader closes ends a command quietly", () => {
    expect(bash("oal --help | true")).toMatchObject(quiet);
    expect(bash("oal config | head -n 1")).toMatchObject({
      ...quiet,
      stdout: expect.stringMatching(/^preset/),
    });
    expect(bash("oal list nothing --json | true")).toMatchObject({ stderr: "", status: 2 });
  });

  it.skipIf(!existsSync("/dev/full"))("that takes nothing is an error, however little was printed", () => {
    const refused = /^OAL-I140 standard output cannot be written \(the disk is full\)\n.+\n$/;
    for (const command of ["oal --version", "oal list", "oal config --json", "oal run --json --set x=1"])
      expect(bash(`${command} > /dev/full`)).toMatchObject({
        status: 7,
        stderr: expect.stringMatching(refused),
      });
  });

  it("and standard error may be closed or full", () => {
    expect(bash("oal list recipes 2>&-")).toMatchObject({ ...quiet, stdout: expect.stringContaining("oal") });
    if (existsSync("/dev/full")) expect(bash("oal list nothing 2> /dev/full")).toMatchObject({ status: 2 });
    expect(bash("oal list nothing 2> >(true)")).toMatchObject({ status: 2 });
  });
});

describe("a command that lacks its command", () => {
  it("prints its help and succeeds, the program and its groups alike", () => {
    const data = oal(["data"], { cwd: folder });
    expect(data).toMatchObject(quiet);
    expect(data.stdout).toMatch(/^Usage: oal data .*\n[^]*inspect/);
    expect(oal(["data", "--help"], { cwd: folder }).stdout).toBe(data.stdout);
    expect(oal(["help", "data"], { cwd: folder }).stdout).toBe(data.stdout);
    expect(oal(["help"], { cwd: folder })).toMatchObject({
      ...quiet,
      stdout: oal([], { cwd: folder }).stdout,
    });
    expect(oal(["outliers", "help", "smple"], { cwd: folder })).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^OAL-C101 unknown command smple \(did you mean sample\?\)/),
    });
  });
});

describe.skipIf(process.platform === "win32")("a working folder that is gone", () => {
  it("is said, and harms no command that needs none", () => {
    mkdirSync(join(folder, "gone"));
    const gone = (line: string): ReturnType<typeof bash> =>
      bash(`mkdir -p gone && cd gone && rmdir ../gone && ${line}`);
    expect(gone("oal config")).toMatchObject({
      status: 7,
      stderr: expect.stringMatching(/^OAL-I142 the folder/),
    });
    expect(gone("oal run")).toMatchObject({ status: 7, stderr: expect.stringMatching(/^OAL-I142/) });
    expect(gone("oal list methods")).toMatchObject(quiet);
  });
});

describe.skipIf(process.platform === "win32")("a terminal that is lost", () => {
  it("stops a run at the next step, which then ends by the signal", async () => {
    const sizes = "data.embedded={train: 20, validation: 20, test: 20, ood: 20}";
    const args = [main, "teacher", "--out", "lost", "--set", sizes, "--set", "teacher.epochs=900"];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      // tests that nohup started would have their commands go on
      env: { ...process.env, _: process.execPath, OAL_CACHE: join(folder, "cache") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr === "") child.kill("SIGHUP");
      stderr += text;
    });
    const ended = await new Promise((done) =>
      child.once("close", (status, signal) => done({ status, signal })),
    );
    expect(ended, stderr).toEqual({ status: null, signal: "SIGHUP" });
    expect(stderr).toMatch(/\nstopped; run the same command to go on\n$/);
  });
});
