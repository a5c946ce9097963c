/** Several stages at the same time: the same bits as one after another, and a stop that all of them go on from. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { artifactHashes } from "./artifactHashes.js";
import { main } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-jobs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(
  join(folder, "small.yaml"),
  JSON.stringify({
    preset: "embedded",
    checkpointSeconds: 0.001,
    data: { embedded: { train: 120, validation: 20, test: 20, validationOod: 20, ood: 20 } },
    teacher: { network: "airbench", widths: [8, 8, 8], batchSize: 16, epochs: 1 },
    student: { network: "resnetSmall", width: 4, batchSize: 16, epochs: 5 },
    exposure: { outliers: "noise", uniformWeight: 0.1, distillWeight: 0 },
    audit: { sample: 0 },
    mi: { measure: false },
    methods: ["ce", "kd", "oal"],
    studentSeeds: [0, 1],
    evaluation: { batchSize: 50 },
  }),
);

interface Ended {
  readonly stderr: string;
  readonly status: number | null;
}

/** A run with a store of its own; `stopAt`: Ctrl-C when these words were written so often. */
function run(
  store: string,
  jobs: number,
  stopAt?: { readonly words: RegExp; readonly times: number },
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [
      main,
      "run",
      "small.yaml",
      "--out",
      join(folder, store, "run"),
      "--jobs",
      String(jobs),
      "--until",
      "evaluation",
    ],
    {
      cwd: folder,
      env: { ...process.env, OAL_STORE: join(folder, store) },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  return new Promise((resolve) => {
    let stderr = "";
    let stopped = false;
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      const met = stopAt ? (stderr.match(stopAt.words)?.length ?? 0) : 0;
      if (!stopAt || stopped || met < stopAt.times) return;
      stopped = true;
      child.kill("SIGINT");
    });
    child.on("close", (status) => resolve({ stderr, status }));
  });
}

/** How often the events of a run go from one student's training to another's. */
function turns(store: string): number {
  const told = readFileSync(join(folder, store, "run", "events.jsonl"), "utf8").matchAll(
    /"stage":"(student:[^"]+)","kind":"loss"/g,
  );
  const stages = Array.from(told, ([, stage]) => stage);
  return stages.filter((stage, i) => i > 0 && stage !== stages[i - 1]).length;
}

describe("stages that are made at the same time", () => {
  it("are those that are made one after another, also when they were stopped in between", async () => {
    const one = await run("one", 1);
    expect([one.status, one.stderr]).toEqual([0, expect.any(String)]);
    const stopped = await run("several", 3, { words: /^student:\w+(\.seed1)? +\d+\/\d+/gm, times: 1 });
    expect([stopped.status, stopped.stderr]).toEqual([130, expect.stringContaining("stopped")]);
    const several = await run("several", 3);
    expect([several.status, several.stderr]).toEqual([0, expect.any(String)]);
    const whole = artifactHashes(join(folder, "one", "run"));
    expect(Object.keys(whole).filter((name) => name.startsWith("student"))).toHaveLength(6);
    expect(artifactHashes(join(folder, "several", "run"))).toEqual(whole);
    expect(turns("one")).toBe(5);
    expect(turns("several")).toBeGreaterThan(12);
  });
});
