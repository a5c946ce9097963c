/** A run that is killed and stopped again and again, and must end with the bits of one that was left alone. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "oal-core";
import { afterAll, expect } from "vitest";
import { artifactHashes } from "./artifactHashes.js";
import { main } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-resume-"));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Every stage up to an OAL student, as small as it gets; a checkpoint after nearly every step. */
const settings = [
  "data.embedded={train: 120, validation: 20, test: 20, validationOod: 20, ood: 20}",
  "threads=1",
  "checkpointSeconds=0.001",
  "teacher={network: airbench, widths: [8, 8, 8], batchSize: 16, epochs: 2, ema: 0.9}",
  "teacher.augmentation={flip: alternating, cutout: 4}",
  "boundary={noise: 16, rounds: 1}",
  "autoEncoder={width: 8, steps: 8, batchSize: 16}",
  "denoiser={channels: 16, steps: 8, batchSize: 16}",
  "synthesis={count: 20, inliers: 4, steps: 2}",
  "student={network: resnetSmall, width: 4, batchSize: 16, epochs: 2}",
  "student.augmentation.flip=random",
  "mi={hidden: 16, embWeight: 0.1, latentWeight: 0.2}",
  "evaluation.batchSize=50",
].flatMap((setting) => ["--set", setting]);

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; stderr: string }>;
}

function start(run: string): Running {
  const args = [main, "train", "--method", "oal", "--quiet", "--out", run, ...settings];
  // a store for each run: one must not find what the other made
  const env = { ...process.env, OAL_STORE: join(folder, `${run}-store`) };
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], env });
  started.push(child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<{ status: number | null; stderr: string }>((done) =>
    child.once("close", (status) => done({ status, stderr })),
  );
  return { child, ended };
}

/** The different things a run has told so far: steps of trainings and ends of stages, each once however often it was done. */
function milestones(run: string): string[] {
  const path = join(folder, run, "events.jsonl");
  if (!existsSync(path)) return [];
  const seen = readFileSync(path, "utf8").matchAll(
    /"stage":"([^"]+)","kind":"(loss|done)"(?:,"step":(\d+),"total":\d+,"terms":\{"total":[^,]+,"(\w+)")?/g,
  );
  return [...new Set(Array.from(seen, (match) => match.slice(1).join("/")))];
}

const parametersOf = (run: string, stage: string): Buffer => {
  const artifacts = join(folder, run, "artifacts");
  const name = readdirSync(artifacts).find((each) => each.startsWith(`${stage}-`)) ?? "";
  return readFileSync(join(artifacts, name, "parameters.safetensors"));
};

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/**
 * Runs the whole once undisturbed, once with interruptions, and compares every file of every artifact.
 *
 * @param seed  of the moments and kinds of the interruptions
 * @param kills  how many there are, spread over the run
 */
export async function resumeTrial(seed: number, kills: number): Promise<void> {
  const draws = new Random(seed, "test/resume");
  const stopped = `stopped-${seed}`;
  if (!existsSync(join(folder, "whole"))) {
    const whole = await start("whole").ended;
    expect(whole.status, whole.stderr).toBe(0);
  }
  const all = milestones("whole").length;
  // Moments: a number of milestones, then up to 150 ms more, so that kills hit the inside of steps and stages too.
  const moments = Array.from({ length: kills }, (_, i) => {
    const [share = 0, delay = 0, kind = 0] = draws.uniforms(i, 3);
    const after = Math.floor(((i + share) / kills) * (all - 1));
    return { after, delay: Math.floor(delay * 150), signal: kind < 0.25 ? "SIGINT" : "SIGKILL" } as const;
  });
  const told: string[] = [];
  for (const { after, delay, signal } of moments) {
    const { child, ended } = start(stopped);
    let over = false;
    void ended.then(() => (over = true));
    while (!over && milestones(stopped).length < after) await pause(10);
    await pause(delay);
    child.kill(signal);
    const { status, stderr } = await ended;
    told.push(`${signal} after ${milestones(stopped).length} of ${all}, ${delay} ms: ${status}`);
    // A process that is not up yet has no handler of SIGINT and dies of it.
    expect(signal === "SIGKILL" ? [null, 0] : [130, null, 0], `seed ${seed}\n${stderr}`).toContain(status);
  }
  const last = await start(stopped).ended;
  const history = `seed ${seed}\n${told.join("\n")}\n${last.stderr}`;
  console.log(history);
  expect(last.status, history).toBe(0);
  for (const stage of ["teacher", "student-oal"]) {
    const same = parametersOf(stopped, stage).equals(parametersOf("whole", stage));
    expect(same, `${stage}: ${history}`).toBe(true);
  }
  expect(artifactHashes(join(folder, stopped)), history).toEqual(artifactHashes(join(folder, "whole")));
  expect(readdirSync(join(folder, stopped)).sort()).toEqual(["artifacts", "events.jsonl", "run.json"]);
}
