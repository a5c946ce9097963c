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
const store = join(folder, "store");
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
    env: { ...process.env, OAL_STORE: store },
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
  it("is worked on by two processes: the second waits for what the first is making, and goes on when that stops", async () => {
    const first = start(["embed", "--out", "both", ...small(12)]);
    await until(() => trains("both"));
    const second = start(["embed", "--out", "both", ...small(12), "--set", "threads=1"]);
    const waits = (): boolean =>
      readFileSync(join(folder, "both", "events.jsonl"), "utf8").includes("waiting");
    await until(waits);
    expect(readFileSync(join(folder, "both", "events.jsonl"), "utf8")).toContain(
      `process ${first.child.pid} on`,
    );
    first.child.kill("SIGINT");
    const { status, stderr } = await first.ended;
    expect(status).toBe(130);
    expect(stderr).toContain("stopped; run the same command to go on\n");
    // the second takes the training over where the first stopped
    const other = await second.ended;
    expect(other.status, other.stderr).toBe(0);
    expect(readdirSync(join(folder, "both")).sort()).toEqual(["artifacts", "events.jsonl", "run.json"]);
    const artifacts = readdirSync(join(store, "artifacts"));
    expect(artifacts.filter((name) => name.startsWith("teacher-"))).toHaveLength(1);
    expect(artifacts.filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("goes on from a process that was killed, at once and by one process only", async () => {
    const { child, ended } = start(["teacher", "--out", "killed", ...small(8)]);
    await until(() => trains("killed"));
    child.kill("SIGKILL");
    await ended;
    const heirs = [1, 2, 3].map(() => start(["teacher", "--out", "killed", "-q", ...small(8)]));
    const all = await Promise.all(heirs.map((heir) => heir.ended));
    expect(all).toEqual([1, 2, 3].map(() => ({ status: 0, stderr: "" })));
    const done = readFileSync(join(folder, "killed", "events.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line.includes('"stage":"teacher","kind":"done"'));
    expect(done.filter((line) => !line.includes("found, made earlier"))).toHaveLength(1);
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
