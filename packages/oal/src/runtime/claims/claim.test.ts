/** Claims between real processes: never two holders at once, and a dead holder's claim goes to exactly one. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tryClaim } from "./claim.js";
import { thisProcess } from "./owner.js";

const built = fileURLToPath(new URL("../../../dist/runtime/claims/claim.js", import.meta.url));
let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oal-claim-"));
  log = join(folder, "log");
  writeFileSync(log, "");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that takes the claim as often as it is told, writing when it enters and leaves; `die`: it is killed inside. */
function holder(rounds: number, die = false): ChildProcess {
  const script = `
    import { appendFileSync } from "node:fs";
    import { setTimeout } from "node:timers/promises";
    import { tryClaim } from ${JSON.stringify(built)};
    for (let round = 0; round < ${rounds};) {
      const attempt = await tryClaim(${JSON.stringify(join(folder, "claims"))}, "thing");
      if (!("claim" in attempt)) { await setTimeout(3); continue; }
      appendFileSync(${JSON.stringify(log)}, "in " + process.pid + "\\n");
      ${die ? "process.kill(process.pid, 'SIGKILL'); await setTimeout(10_000);" : ""}
      await setTimeout(2 + (process.pid + round) % 5);
      appendFileSync(${JSON.stringify(log)}, "out " + process.pid + "\\n");
      await attempt.claim.release();
      round += 1;
    }`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** The log's lines; every entry must be followed by its own exit, but for those of a killed process. */
function entries(killed: readonly number[] = []): string[] {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  let inside: string | null = null;
  for (const line of lines) {
    const [what, pid] = line.split(" ");
    if (what === "in") {
      if (inside !== null && !killed.includes(Number(inside)))
        throw new Error(`${line} while ${inside} holds it`);
      inside = pid ?? "";
    } else {
      expect(inside).toBe(pid);
      inside = null;
    }
  }
  return lines;
}

test("of four processes that take a claim again and again, never two hold it at once", async () => {
  const processes = [1, 2, 3, 4].map(() => holder(12));
  const exits = await Promise.all(processes.map((each) => once(each, "exit")));
  expect(exits.map(([code]) => code)).toEqual([0, 0, 0, 0]);
  expect(entries()).toHaveLength(2 * 4 * 12);
});

test("the claim of a killed process is taken over at once, by one at a time", async () => {
  const dead = holder(1, true);
  await once(dead, "exit");
  const processes = [1, 2, 3].map(() => holder(2));
  await Promise.all(processes.map((each) => once(each, "exit")));
  expect(entries([dead.pid ?? 0])).toHaveLength(1 + 2 * 3 * 2);
});

test("a held claim names its owner; a released one is free; a second claim of this process is refused", async () => {
  const first = await tryClaim(folder, "thing");
  const second = await tryClaim(folder, "thing");
  expect(second).toMatchObject({ owner: { pid: process.pid } });
  if (!("claim" in first)) throw new Error("not claimed");
  expect(await first.claim.isHeld()).toBe(true);
  await first.claim.release();
  const third = await tryClaim(folder, "thing");
  expect("claim" in third).toBe(true);
  expect(await first.claim.isHeld()).toBe(false);
  if ("claim" in third) await third.claim.release();
});

test("an owner that lives on this machine keeps its claim however long it has had no time for a heartbeat", async () => {
  const longAgo = new Date(Date.now() - 3_600_000);
  const claimed = await tryClaim(folder, "busy");
  utimesSync(join(folder, "busy.0", "heartbeat"), longAgo, longAgo);
  const hasTicks = thisProcess().ticks !== "";
  expect("owner" in (await tryClaim(folder, "busy"))).toBe(hasTicks);
  if ("claim" in claimed) await claimed.claim.release();
});

test("a claim without a readable owner is free when nothing was heard of it for long, and is one until then", async () => {
  const longAgo = new Date(Date.now() - 3_600_000);
  for (const [name, files] of [
    ["empty", { "owner.json": "", heartbeat: "1" }],
    ["bare", {}],
    ["cut", { "owner.json": '{"pid": 12' }],
  ] as const) {
    const path = join(folder, `${name}.0`);
    mkdirSync(path);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
    expect(await tryClaim(folder, name)).toEqual({ owner: null });
    for (const file of Object.keys(files)) utimesSync(join(path, file), longAgo, longAgo);
    utimesSync(path, longAgo, longAgo);
    const free = await tryClaim(folder, name);
    expect("claim" in free).toBe(true);
    if ("claim" in free) await free.claim.release();
  }
});

test("an owner on another machine is judged by its heartbeat", async () => {
  const longAgo = new Date(Date.now() - 3_600_000);
  const path = join(folder, "far.0");
  mkdirSync(path);
  writeFileSync(join(path, "owner.json"), JSON.stringify({ ...thisProcess(), machine: "another" }));
  writeFileSync(join(path, "heartbeat"), "1");
  expect(await tryClaim(folder, "far")).toMatchObject({ owner: { machine: "another" } });
  utimesSync(join(path, "heartbeat"), longAgo, longAgo);
  const free = await tryClaim(folder, "far");
  expect("claim" in free).toBe(true);
  if ("claim" in free) await free.claim.release();
});
