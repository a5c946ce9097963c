/**
 * Several seeds of the students in one command: one teacher, a model per seed, and means over them in every table. And what becomes
 * of that run's folder when it is copied to where its artifacts are not.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { oalInside, type Ended } from "./inside.js";

const folder = mkdtempSync(join(tmpdir(), "oal-seeds-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = [
  "data.embedded={train: 120, validation: 30, test: 40, validationOod: 20, ood: 20}",
  "threads=1",
  ...["teacher", "student"].flatMap((section) => [
    `${section}.widths=[8, 8, 8]`,
    `${section}.epochs=0.5`,
    `${section}.batchSize=32`,
  ]),
  "evaluation.bootstrap=50",
  "evaluation.detectors=[msp, ebo]",
].flatMap((setting) => ["--set", setting]);

interface Results {
  readonly seeds: unknown;
  readonly results: readonly { model: string; seed: number; idAccuracy: number }[];
  readonly overSeeds: readonly { model: string; on: string; values: number[]; interval: number[] }[];
}

it("students of two seeds share their teacher; the first one's models have the plain names", async () => {
  const given = ["--student-seeds", "4,5", "--method", "kd", "--out", "run", ...settings];
  const { stdout, stderr, status } = await oalInside(["evaluate", ...given], { cwd: folder });
  expect([status, stderr.replace(/[^]*?(OAL-.*)?$/, "$1")]).toEqual([0, ""]);
  expect(stdout).toMatch(/kd +│ ebo +│ +\d+\.\d\d ± \d+\.\d\d │ +\d+\.\d\d ± \d+\.\d\d \[/);
  expect(stdout).toContain(
    "mean ± standard deviation over the seeds 4, 5 of the students (data, teacher and outliers shared)",
  );
  const run = join(folder, "run");
  const models = readdirSync(join(run, "models")).map((name) => name.replace(".onnx", ""));
  expect(models.sort()).toEqual(["kd", "kd.seed5"]);
  expect(existsSync(join(run, "scores", "kd.seed5-id.csv"))).toBe(true);
  const stages = Object.keys(JSON.parse(readFileSync(join(run, "run.json"), "utf8")).current.stages);
  expect(stages.filter((name) => name.startsWith("teacher"))).toEqual(["teacher", "teacher:test"]);
  const { seeds, results, overSeeds }: Results = JSON.parse(readFileSync(join(run, "results.json"), "utf8"));
  expect(seeds).toEqual({ vary: "students", seeds: [4, 5] });
  expect(results.map(({ model, seed }) => `${model} ${seed}`)).toEqual(["kd 4", "kd 5"]);
  expect(overSeeds.every(({ values, interval }) => values.length === 2 && interval.length === 2)).toBe(true);
  const shown = (await oalInside(["show", "run"], { cwd: folder })).stdout;
  expect(shown).toContain("seed 0, student seeds 4, 5, methods kd: finished");
});

it("a copy without its store is reported from its files, and trains nothing", async () => {
  cpSync(join(folder, "run"), join(folder, "copy"), { recursive: true });
  const report = async (): Promise<Ended> => {
    const before = process.env["OAL_STORE"];
    process.env["OAL_STORE"] = join(folder, "elsewhere");
    try {
      return await oalInside(["report", "copy"], { cwd: folder });
    } finally {
      if (before === undefined) delete process.env["OAL_STORE"];
      else process.env["OAL_STORE"] = before;
    }
  };
  const { status, stdout, stderr } = await report();
  expect([status, stderr]).toEqual([0, expect.stringContaining("so nothing is made again")]);
  expect(stdout).toMatch(/kd +│ ebo .* ± /);
  const page = readFileSync(join(folder, "copy", "report.html"), "utf8");
  expect(page).toContain("over the seeds 4, 5 of the students");
  expect(page).toContain("Confusion matrix of");
  expect(page).toContain("the feature map, and what was left out are missing");
  expect(existsSync(join(folder, "elsewhere", "artifacts"))).toBe(false);
  rmSync(join(folder, "copy", "results.json"));
  expect(await report()).toMatchObject({
    status: 6,
    stderr: expect.stringContaining("OAL-E231 copy lacks results.json"),
  });
});

it("seeds of the run and a seed, or seeds of the students, cannot be asked for together", async () => {
  for (const other of [
    ["--seed", "1"],
    ["--student-seeds", "1,2"],
  ]) {
    const { status, stderr } = await oalInside(["plan", "--seeds", "0,1", ...other], { cwd: folder });
    expect([status, stderr]).toEqual([2, expect.stringContaining("OAL-C102")]);
  }
});
