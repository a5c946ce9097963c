/**
 * Turned pictures and a reject class, from folder to model file: the student has the head, its two detectors are measured beside the
 * others, one of them decides, and the exported file gives the same decisions. Then the exposures to embeddings, in one training.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { oalInside } from "./cli/inside.js";

const folder = mkdtempSync(join(tmpdir(), "oal-exposures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const side = 32;

/** Pictures that are bright above and dark below, of the class's colour: which way up they are can be seen. */
async function draw(path: string, channel: number, count: number): Promise<void> {
  mkdirSync(path, { recursive: true });
  for (let i = 0; i < count; i++) {
    const pixels = Uint8Array.from({ length: 3 * side * side }, (_, at) => {
      const [row, colour] = [Math.floor(at / (3 * side)), at % 3];
      const grain = (at * 31 + i * 47 + channel * 13) % 24;
      return Math.max(0, (colour === channel ? 220 : 120) - 3 * row - grain);
    });
    await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toFile(join(path, `${i}.png`));
  }
}

beforeAll(async () => {
  for (const [channel, name] of ["red", "green", "blue"].entries())
    await draw(join(folder, "photos", name), channel, 24);
  await draw(join(folder, "unknown"), 3, 12);
  const base = {
    preset: "folder",
    threads: 1,
    data: {
      source: join(folder, "photos"),
      ood: [{ name: "grey", path: join(folder, "unknown"), group: "far" }],
    },
    teacher: { epochs: 2, widths: [8, 8, 16], batchSize: 16 },
    student: { epochs: 3, widths: [8, 8, 16], batchSize: 16 },
    boundary: { noise: 16, rounds: 1, k: 2 },
    mi: { measure: false },
    kd: { logitsWeight: 0 },
    methods: ["oal"],
  };
  const exposure = { uniformWeight: 0, distillWeight: 0 };
  const turned = {
    ...base,
    exposure: { ...exposure, outliers: "rotate", rejectWeight: 0.5 },
    // a teacher of two epochs is as sure of any picture as of any other
    audit: { changed: 1 },
    evaluation: { bootstrap: 0, detectors: ["msp"], scoreDetector: "reject" },
  };
  writeFileSync(join(folder, "turned.yaml"), JSON.stringify(turned));
  const aligned = { ...exposure, latentWeight: 1, contrastWeight: 0.1 };
  writeFileSync(join(folder, "aligned.yaml"), JSON.stringify({ ...base, exposure: aligned }));
}, 60_000);

const run = (...args: string[]) => oalInside([...args], { cwd: folder });

it("turned pictures with a reject class reach the model file, whose reject detector decides", async () => {
  const trained = await run("run", "turned.yaml", "--out", "turned", "--quiet", "--allow-failed-audit");
  expect(trained.status, trained.stderr).toBe(0);
  const results = readFileSync(join(folder, "turned", "results.csv"), "utf8");
  for (const id of ["msp", "reject", "rejectMsp"]) expect(results).toContain(`,${id},`);
  const exported = await run("export", "turned", "--output", "model.onnx");
  expect(exported.stdout + exported.stderr).toContain("decides by reject");
  const scored = await run("score", "model.onnx", "photos", "--json");
  expect(scored.status, scored.stderr).toBe(0);
  const scores = [...scored.stdout.matchAll(/"score": ?(-?[\d.e+-]+)/g)].map(([, value]) => Number(value));
  expect(scores.length).toBe(72);
  expect(new Set(scores).size).toBeGreaterThan(60);
}, 120_000);

it("outlier embeddings reach the head and the contrast by one alignment, and show no picture", async () => {
  const trained = await run("run", "aligned.yaml", "--out", "aligned", "--until", "student", "--quiet");
  expect(trained.status, trained.stderr).toBe(0);
  const events = readFileSync(join(folder, "aligned", "events.jsonl"), "utf8");
  const losses = events
    .split("\n")
    .filter((line) => line.includes('"exposureAlignment"'))
    .map((line) => JSON.parse(line).terms);
  const last = losses.at(-1);
  for (const term of ["latentExposure", "latentSeparation", "outlierContrast"])
    expect(last[term], term).toBeGreaterThanOrEqual(0);
  expect(last.exposureAlignment).toBeLessThan(losses[0].exposureAlignment);
  expect(events).not.toContain("diffusion");
}, 120_000);
