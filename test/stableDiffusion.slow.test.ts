/**
 * A whole run of the program with Stable Diffusion: the trained miniature among the reference values makes the outliers, from prompts to a
 * report with pictures; stopped and gone on with, in latent space, and as the published code words its prompts.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { toNumbers } from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../packages/oal/src/nn/safetensors.js";
import { referenceRoot } from "../packages/oal/src/testing/golden.js";
import { secondWidth, writeSecondDiffusion } from "../packages/oal/src/testing/secondDiffusion.js";
import { oalInside } from "./cli/inside.js";
import { main } from "./cli/oal.js";

const model = join(referenceRoot(), "import", "mini-sd");
const isThere = existsSync(join(model, "unet", "model.onnx"));
if (!isThere) process.stderr.write(`no ${model}: whole runs with Stable Diffusion are skipped\n`);

const folder = mkdtempSync(join(tmpdir(), "oal-stable-diffusion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Shapes that the miniature was trained on, in a square of 100. */
const shapes: Readonly<Record<string, string>> = {
  red_circle: '<circle r="30" fill="red"/>',
  "blue square": '<rect x="-28" y="-28" width="56" height="56" fill="blue"/>',
  "orange triangle": '<polygon points="0,-32 -32,28 32,28" fill="orange"/>',
  "purple ring": '<circle r="26" fill="none" stroke="purple" stroke-width="12"/>',
};

async function draw(path: string, count: number, shape: string): Promise<void> {
  mkdirSync(join(folder, path), { recursive: true });
  for (let i = 0; i < count; i++) {
    const place = `translate(${42 + 4 * (i % 5)},${44 + 3 * (i % 4)}) scale(${0.7 + 0.1 * (i % 6)})`;
    const ground = `rgb(${(37 * i) % 90},${(53 * i) % 90},${(71 * i) % 90})`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="0 0 100 100"><rect width="100" height="100" fill="${ground}"/><g transform="${place}">${shape}</g></svg>`;
    await sharp(Buffer.from(svg))
      .png()
      .toFile(join(folder, path, `${i}.png`));
  }
}

beforeAll(async () => {
  for (const [name, shape] of Object.entries(shapes)) await draw(`shapes/${name}`, 14, shape);
  await draw("unknown", 10, '<path d="M-30,-30 L30,30 M-30,30 L30,-30" stroke="yellow" stroke-width="9"/>');
});

const settings = {
  "synthesis.model": model,
  "synthesis.count": 12,
  "synthesis.steps": 10,
  "synthesis.inliers": 4,
  "synthesis.pairs": 1,
  "alignment.epochs": 60,
  "teacher.epochs": 6,
  "student.epochs": 1,
  "evaluation.bootstrap": 50,
};
const withSettings = (more: Readonly<Record<string, unknown>> = {}): string[] => [
  "--data",
  join(folder, "shapes"),
  "--ood",
  join(folder, "unknown"),
  "--threads",
  "1",
  "--quiet",
  ...Object.entries({ ...settings, ...more }).flatMap(([key, value]) =>
    value === undefined ? [] : ["--set", `${key}=${JSON.stringify(value)}`],
  ),
];

/** Folders of the artifacts of a stage that a run has. */
function artifactsOf(run: string, stage: string): string[] {
  return readdirSync(join(run, "artifacts"))
    .filter((name) => name.startsWith(`${stage}-`))
    .map((name) => join(run, "artifacts", name));
}

/** Starts the program, stops it when a batch of latents was kept, and gives the batches that were. */
async function stoppedAfterFirstBatch(args: readonly string[], store: string): Promise<string[]> {
  const child = spawn(process.execPath, [main, ...args], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kept = (): string[] => {
    if (!existsSync(store)) return [];
    const places = readdirSync(store).filter((name) => /^\.latents-.*\.checkpoints$/.test(name));
    return places.flatMap((name) => {
      const place = join(store, name, "outliers");
      return existsSync(place) ? readdirSync(place).filter((file) => /^\d+\.safetensors$/.test(file)) : [];
    });
  };
  while (kept().length === 0 && child.exitCode === null) await setTimeout(50);
  child.kill("SIGINT");
  await ended;
  return kept();
}

/** Latents of a run. */
async function latentsOf(run: string) {
  const [latents = ""] = artifactsOf(run, "latents");
  const { tensors } = await readSafetensors(join(latents, "latents.safetensors"));
  const numbers = (name: string): number[] => {
    const tensor = tensors.get(name);
    return tensor ? toNumbers(tensor) : [];
  };
  return { names: [...tensors.keys()], numbers, shape: tensors.get("latents")?.shape ?? [] };
}

it("a run with a miniature of Stable Diffusion 2, of drawn weights, goes from prompts to a report", async () => {
  const second = join(folder, "second");
  await writeSecondDiffusion(second);
  const names = { red_circle: "ant", "blue square": "bee", "orange triangle": "cat", "purple ring": "of" };
  const more = { methods: ["oal"], "synthesis.model": second, "synthesis.names": names };
  const small = {
    "synthesis.count": 5,
    "synthesis.steps": 4,
    "synthesis.inliers": 2,
    "alignment.epochs": 20,
  };
  const out = join(folder, "second-run");
  const args = ["run", ...withSettings({ ...more, ...small }), "--out", out, "--json"];
  const { stdout, stderr, status } = await oalInside(args);
  expect(status, stderr).toBe(0);
  const { results }: { readonly results: readonly { readonly model: string }[] } = JSON.parse(stdout);
  expect(results.map(({ model: name }) => name)).toEqual(["oal"]);
  const { numbers, shape } = await latentsOf(out);
  expect(shape).toEqual([5, 4, 8, 8]);
  expect(numbers("latents").every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  expect(numbers("teacherLogits").length).toBe(4 * 5);
  const [aligned = ""] = artifactsOf(out, "alignment");
  const { tensors } = await readSafetensors(join(aligned, "alignment.safetensors"));
  expect(tensors.get("features")?.shape[1]).toBe(secondWidth);
  const [boundary = ""] = artifactsOf(out, "boundary");
  const outliers = await readSafetensors(join(boundary, "outliers.safetensors"));
  expect(outliers.tensors.get("embeddings")?.shape[1]).toBe(secondWidth);
}, 120_000);

describe.skipIf(!isThere)("a run with Stable Diffusion", () => {
  const out = join(folder, "run");

  it("goes from prompts to a report with pictures", async () => {
    const args = ["run", ...withSettings({ methods: ["ce", "oal"] }), "--out", out, "--json"];
    const { stdout, stderr, status } = await oalInside(args);
    expect(status, stderr).toBe(0);
    const { results }: { readonly results: readonly { readonly model: string }[] } = JSON.parse(stdout);
    expect(results.map(({ model: name }) => name)).toEqual(["ce", "oal"]);
    const report = readFileSync(join(out, "report.html"), "utf8");
    for (const text of ["Decoded latents", "alignment: accuracy", "latents: changeByEmbedding"])
      expect(report).toContain(text);
    const { numbers, shape } = await latentsOf(out);
    expect(shape.slice(1)).toEqual([4, 8, 8]);
    const count = shape[0] ?? 0;
    expect(new Set(numbers("labels"))).toEqual(new Set([0, 1, 2, 3]));
    expect(numbers("seeds")).toEqual(Array.from({ length: count }, () => 42));
    expect(numbers("pooled").length).toBe(128 * count);
    expect(numbers("teacherLogits").length).toBe(4 * count);
    const [aligned = ""] = artifactsOf(out, "alignment");
    const alignment = await readSafetensors(join(aligned, "alignment.safetensors"));
    expect(alignment.tensors.get("features")?.shape[1]).toBe(64);
  }, 120_000);

  it("keeps whole latents in latent space, and goes on where it was stopped, with the same bits", async () => {
    const wanted = withSettings({
      "synthesis.space": "latent",
      "synthesis.inliers": undefined,
      "synthesis.pairs": undefined,
      // three batches
      "synthesis.count": 36,
      "synthesis.steps": 20,
    });
    const to = join(folder, "stopped");
    const store = join(process.env["OAL_STORE"] ?? "", "artifacts");
    const args = ["outliers", "synthesize", ...wanted, "--out", to];
    const left = await stoppedAfterFirstBatch(args, store);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(3);
    const again = await oalInside(args);
    expect(again.status, again.stderr).toBe(0);
    const { names, shape } = await latentsOf(to);
    expect(shape).toEqual([36, 4, 8, 8]);
    expect(names).not.toContain("teacherLogits");
    const [latents = ""] = artifactsOf(to, "latents");
    const resumed = readFileSync(join(latents, "latents.safetensors"));
    rmSync(realpathSync(latents), { recursive: true });
    const anew = await oalInside(args);
    expect(anew.status, anew.stderr).toBe(0);
    expect(readFileSync(join(latents, "latents.safetensors")).equals(resumed)).toBe(true);
  }, 120_000);

  it("replaces the words of the published list where its rows are off, at the lengths that the outliers have", async () => {
    const to = join(folder, "published");
    const rows = { "fixes.r02": false, "fixes.r06": false, "fixes.r07": false };
    const wanted = withSettings({
      ...rows,
      "synthesis.space": "latent",
      "synthesis.inliers": undefined,
      "synthesis.pairs": undefined,
      "alignment.epochs": undefined,
      "synthesis.count": 4,
      // as wide as the tokens
      "teacher.widths": [16, 32, 64],
    }).filter((word) => word !== "--quiet");
    const { stderr, status } = await oalInside(["outliers", "synthesize", ...wanted, "--out", to]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("the prompts of 4 of 4 classes do not hold their word");
    expect((await latentsOf(to)).shape).toEqual([4, 4, 8, 8]);
    expect(artifactsOf(to, "alignment")).toEqual([]);
  }, 60_000);

  it("changes known pictures, but is not asked for gradients", async () => {
    const to = join(folder, "edited");
    const wanted = (source: string): string[] => withSettings({ "exposure.outliers": source });
    const args = ["run", ...wanted("nuisance"), "--until", "synthesis:nuisance", "--out", to];
    const { stderr, status } = await oalInside(args);
    expect(status, stderr).toBe(0);
    const [made = ""] = artifactsOf(to, "synthesis-nuisance");
    const { tensors } = await readSafetensors(join(made, "pictures.safetensors"));
    expect(tensors.get("teacherLogits")?.shape[1]).toBe(4);
    const refused = await oalInside(["run", ...wanted("guided"), "--out", join(folder, "refused")]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("gradients through the decoder");
  }, 60_000);

  it("is refused before anything is made where model and classes do not fit", async () => {
    const lines = async (more: Readonly<Record<string, unknown>>): Promise<string> => {
      const to = join(folder, "refused");
      const { stderr, status } = await oalInside(["run", ...withSettings(more), "--out", to]);
      expect(status).toBeGreaterThan(1);
      expect(existsSync(to)).toBe(false);
      return stderr;
    };
    const narrow = { "teacher.widths": [8, 16, 32], "synthesis.align": false, "alignment.epochs": undefined };
    expect(await lines(narrow)).toMatch(/OAL-D179.*64/s);
    expect(await lines({ "synthesis.names": { red_circle: "square" } })).toContain("OAL-T150");
    expect(await lines({ "synthesis.names": { red_circel: "ring" } })).toContain('did you mean "red_circle"');
    expect(await lines({ "synthesis.prompt": "a picture" })).toContain("synthesis.prompt");
    expect(
      await lines({
        "synthesis.space": "latent",
        "synthesis.pairs": undefined,
        "synthesis.inliers": undefined,
      }),
    ).toContain("synthesis.space");
    expect(await lines({ "synthesis.model": join(folder, "shapes") })).toContain("unet/model.onnx");
    expect(await lines({ "synthesis.model": join(folder, "nothing") })).toContain("OAL-D101");
    expect(await lines({ "denoiser.steps": 10 })).toContain("synthesis.model, which is not trained");
  }, 60_000);
});
