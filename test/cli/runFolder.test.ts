import { spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { canBeRefused, main, oal } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-run-"));
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A teacher that trains in a second or two. */
const small = (epochs: number): string[] =>
  [
    "data.embedded={train: 300, validation: 50, test: 50, validationOod: 20, ood: 20}",
    "threads=1",
    "teacher.widths=[8, 8, 8]",
    "teacher.batchSize=32",
    `teacher.epochs=${epochs}`,
  ].flatMap((setting) => ["--set", setting]);

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; stderr: string }>;
}

function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  started.push(child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<{ status: number | null; stderr: string }>((done) =>
    child.once("close", (status) => done({ status, stderr })),
  );
  return { child, ended };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((done) => setTimeout(done, 50));
  expect(condition()).toBe(true);
}

const trains = (run: string): boolean => {
  const events = join(folder, run, "events.jsonl");
  return existsSync(events) && readFileSync(events, "utf8").includes('"kind":"loss"');
};

describe("run folder", { timeout: 180_000 }, () => {
  it("refuses a second process, stops on Ctrl-C, and goes on afterwards", async () => {
    const { child, ended } = start(["teacher", "--out", "busy", ...small(50)]);
    await until(() => trains("busy"));
    const second = oal(["teacher", "--out", "busy", ...small(1)], { cwd: folder });
    expect(second.status).toBe(7);
    expect(second.stderr).toContain(`OAL-I102`);
    expect(second.stderr).toContain(`process ${child.pid} on`);
    child.kill("SIGINT");
    const { status, stderr } = await ended;
    expect(status).toBe(130);
    expect(stderr).toContain("stopped; run the same command to go on\n");
    expect(readdirSync(join(folder, "busy")).sort()).toEqual(["artifacts", "events.jsonl", "run.json"]);
    const again = oal(["teacher", "--out", "busy", "--json", ...small(1)], { cwd: folder });
    expect(again.status).toBe(0);
    const result: unknown = JSON.parse(again.stdout);
    expect(result).toMatchObject({
      folder: expect.stringMatching(/busy$/),
      artifacts: { teacher: expect.any(String) },
    });
  });

  it("takes over at once from a process that was killed", async () => {
    const { child, ended } = start(["teacher", "--out", "killed", ...small(50)]);
    await until(() => trains("killed"));
    child.kill("SIGKILL");
    await ended;
    expect(existsSync(join(folder, "killed", "run.lock"))).toBe(true);
    expect(oal(["teacher", "--out", "killed", "-q", ...small(1)], { cwd: folder })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });

  it("refuses a folder of another version", () => {
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "other", "run.json"), '{"format": 99}');
    const { status, stderr } = oal(["run", "--out", "other"], { cwd: folder });
    expect(status).toBe(7);
    expect(stderr).toContain("OAL-I104 ");
    expect(stderr).toContain("was written by format 99");
  });

  it.skipIf(!canBeRefused)("refuses a folder it cannot write to", () => {
    mkdirSync(join(folder, "locked"));
    chmodSync(join(folder, "locked"), 0o555);
    const { status, stderr } = oal(["run", "--out", join("locked", "run")], {
      cwd: folder,
      plainRights: true,
    });
    expect(stderr).toContain("OAL-I101");
    expect(stderr).toContain("cannot write (permission denied)");
    expect(status).toBe(7);
  });
});
