/**
 * Students that start from a model of someone else, and a model that teaches: a whole run of the program on drawn pictures, with a
 * small model that is written here.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foreignModel } from "../packages/oal/src/testing/foreignModel.js";
import { oal } from "./cli/oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-from-model-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pictures of one colour with noise, as PNG. */
async function draw(path: string, count: number, colour: readonly [number, number, number]): Promise<void> {
  mkdirSync(join(folder, path), { recursive: true });
  const random = new Random(1, path);
  for (let i = 0; i < count; i++) {
    const [width, height] = [20 + random.integer(0, i, 9), 20 + random.integer(1, i, 9)];
    const pixels = Uint8Array.from(random.normals(i, width * height * 3), (value, at) =>
      Math.max(0, Math.min(255, (colour[at % 3] ?? 0) + 25 * value)),
    );
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, path, `${i}.png`));
  }
}

beforeAll(async () => {
  writeFileSync(join(folder, "someone.onnx"), foreignModel(16));
  writeFileSync(join(folder, "larger.onnx"), foreignModel(24));
  await draw("photos/red", 20, [200, 40, 40]);
  await draw("photos/green", 20, [40, 200, 40]);
  await draw("photos/blue", 20, [40, 40, 200]);
  await draw("unknown", 10, [120, 120, 120]);
});

const small = [
  "--set",
  "student.epochs=2",
  "--set",
  "student.batchSize=12",
  "--set",
  "evaluation.bootstrap=50",
  "--set",
  "student.augmentation.padding=2",
];
const data = ["--data", "photos", "--ood", "unknown", "--threads", "1", ...small];

interface Shown {
  readonly results: readonly { readonly model: string; readonly idAccuracy: number }[];
}
interface LeftOut {
  readonly classes: readonly { readonly name: string; readonly unknown: number }[];
  readonly differences: readonly {
    readonly first: string;
    readonly second: string;
    readonly detector: string;
    readonly difference: number;
    readonly interval: readonly [number, number];
  }[];
  readonly verdicts: readonly string[];
}
const results = (stdout: string): Shown["results"] => {
  const parsed: Shown = JSON.parse(stdout);
  return parsed.results;
};

describe("students that start from a model", () => {
  it("are no worse than its head, and the file tells what they were made from", () => {
    const args = [
      "run",
      ...data,
      "--init",
      "someone.onnx",
      "--set",
      "init.frozen=0.7",
      "--out",
      "runs/init",
      "--json",
    ];
    const first = oal(args, { cwd: folder });
    expect(first.stderr).toContain("a new last layer was fitted");
    expect(first.stderr).toContain("the first 2 of 3 layers of someone stay as they are");
    expect(first.status).toBe(0);
    const [head, ce] = results(first.stdout);
    expect([head?.model, ce?.model]).toEqual(["head", "ce"]);
    expect(ce?.idAccuracy ?? 0).toBeGreaterThanOrEqual(head?.idAccuracy ?? 1);
    const bundle = readFileSync(join(folder, "runs/init/models/ce.onnx"), "latin1");
    expect(bundle).toContain("start weights");
    const config: { data: { size: number } } = JSON.parse(
      oal(["config", "runs/init", "--json"], { cwd: folder }).stdout,
    );
    expect(config.data.size).toBe(16);
    const again = oal(args, { cwd: folder });
    expect(again.stderr).toContain("student:ce   found");
  });

  it("take what is made of their own features, and a teacher with pictures of its own size", () => {
    const init = ["--init", "someone.onnx", "--set", "init.frozen=0.7"];
    const fx = oal(
      ["run", ...data, ...init, "--teacher", "someone.onnx", "--method", "fx", "--out", "runs/fx", "--json"],
      {
        cwd: folder,
      },
    );
    expect(fx.status).toBe(0);
    expect(results(fx.stdout)[0]?.idAccuracy).toBeGreaterThan(0.8);
    const kd = [
      "run",
      ...data,
      ...init,
      "--teacher",
      "larger.onnx",
      "--method",
      "kd",
      "--out",
      "runs/kd",
      "--json",
    ];
    const taught = oal(kd, { cwd: folder });
    expect(taught.stderr).toContain("the teacher takes about");
    expect(taught.status).toBe(0);
    const bytes = oal([...kd, "--set", "teacher.precision=int8"], { cwd: folder });
    expect(bytes.stderr).toMatch(/with 8 bits|stays at 32 bits/);
    expect(bytes.status).toBe(0);
    const inSteps = oal([...kd, "--set", "kd.teacherView=same", "--set", "init.views=0"], { cwd: folder });
    expect(inSteps.stderr).toContain("looks at");
    expect(inSteps.status).toBe(0);
  });
});

it("a network of ours learns from a model with larger pictures", () => {
  const own = ["--set", "student.widths=[8, 8, 16]", "--set", "kd.teacherView=clean"];
  const { status, stderr } = oal(
    [
      "run",
      "folder",
      ...data,
      ...own,
      "--teacher",
      "larger.onnx",
      "--method",
      "kd",
      "--out",
      "runs/own",
      "--json",
    ],
    { cwd: folder },
  );
  expect(stderr).not.toContain("error");
  expect(status).toBe(0);
  expect(existsSync(join(folder, "runs/own/models/kd.onnx"))).toBe(true);
});

it("leaves every class out in turn, goes on where it was stopped, and says what follows", () => {
  const args = [
    "leave-class-out",
    ...data,
    "--init",
    "someone.onnx",
    "--set",
    "init.frozen=0.7",
    "--method",
    "fx",
    "--json",
  ];
  const first = oal([...args, "--classes", "red"], { cwd: folder });
  expect(first.status).toBe(0);
  const whole = oal(args, { cwd: folder });
  expect(whole.stderr).toContain("student:fx   found, made earlier");
  const { classes, differences, verdicts }: LeftOut = JSON.parse(whole.stdout);
  expect(classes.map(({ name, unknown }) => [name, unknown])).toEqual([
    ["blue", 20],
    ["green", 20],
    ["red", 20],
  ]);
  const [ebo] = differences.filter(({ detector }) => detector === "ebo");
  const [low, high] = ebo?.interval ?? [1, -1];
  expect([ebo?.first, ebo?.second]).toEqual(["fx", "head"]);
  expect(low).toBeLessThanOrEqual(ebo?.difference ?? NaN);
  expect(high).toBeGreaterThanOrEqual(ebo?.difference ?? NaN);
  const advice = low > 0 ? "training from the model is better" : "is the advice|stays the advice";
  expect(verdicts[0]).toMatch(new RegExp(advice));
  expect(oal([...args, "--classes", "rot"], { cwd: folder })).toMatchObject({ status: 2 });
});
