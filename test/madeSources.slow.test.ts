/**
 * Every outlier source that the diffusion model makes, in one run: its stage makes and keeps pictures with the teacher's logits, and a
 * student is shown them. Then one of them stopped and gone on with.
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { toNumbers } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { openImageSet } from "../packages/oal/src/data/cachedSet.js";
import { readSafetensors } from "../packages/oal/src/nn/safetensors.js";
import { loadModel } from "../packages/oal/src/pipeline/loadModel.js";
import { outlierSources } from "../packages/oal/src/outliers/sources/index.js";
import { evaluationFiles } from "../packages/oal/src/pipeline/stages/evaluationArtifact.js";
import { oalInside } from "./cli/inside.js";
import { main } from "./cli/oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-made-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made = outlierSources.all.flatMap((source) => (source.made ? [source.id] : []));
const count = 24;
writeFileSync(
  join(folder, "small.yaml"),
  JSON.stringify({
    preset: "embedded",
    threads: 1,
    data: { embedded: { train: 120, validation: 40, test: 40, validationOod: 20, ood: 20 } },
    teacher: { epochs: 2 },
    student: { epochs: 1 },
    boundary: { noise: 16, rounds: 1 },
    autoEncoder: { steps: 8, batchSize: 8, width: 8 },
    denoiser: { steps: 8, batchSize: 8, channels: 16 },
    synthesis: { count, steps: 4 },
    exposure: { outliers: "union" },
    mi: { measure: false },
    union: { members: Object.fromEntries(made.map((id) => [id, 1])) },
    methods: ["oal"],
    evaluation: { bootstrap: 0 },
  }),
);

/** Folder of the one artifact of a stage in a run. */
function artifactOf(run: string, stage: string): string {
  const found = readdirSync(join(run, "artifacts")).filter((name) => name.startsWith(`${stage}-`));
  return join(run, "artifacts", found[0] ?? "");
}

describe("sources that the diffusion model makes", () => {
  const out = join(folder, "run");

  // a teacher of two epochs tells nothing from nothing, so the audit of what was made fails
  it("are made by stages of their own, and shown together", async () => {
    const { stderr, status } = await oalInside(
      ["run", "small.yaml", "--until", "evaluation", "--allow-failed-audit", "--out", out, "--quiet"],
      { cwd: folder },
    );
    expect(status, stderr).toBe(0);
    for (const id of made) {
      const artifact = artifactOf(out, `synthesis-${id}`);
      const images = openImageSet(join(artifact, "images"));
      const { tensors } = await readSafetensors(join(artifact, "pictures.safetensors"));
      const numbers = (name: string): number[] => {
        const tensor = tensors.get(name);
        return tensor ? toNumbers(tensor) : [];
      };
      expect(images.count, id).toBeGreaterThan(0);
      expect(tensors.get("teacherLogits")?.shape, id).toEqual([images.count, 10]);
      expect(numbers("labels").length, id).toBe(images.count);
      // what is made of two classes is never made of one twice
      numbers("others").forEach((other, i) => expect(other, id).not.toBe(numbers("labels")[i]));
      // pictures, not one picture many times
      const pixels = images.read([0, 1]);
      images.close();
      expect(pixels.subarray(0, pixels.length / 2), id).not.toEqual(pixels.subarray(pixels.length / 2));
      const { metrics } = JSON.parse(readFileSync(join(artifact, "artifact.json"), "utf8"));
      expect(metrics.made, id).toBe(count);
    }
    // nothing but the pictures is read of them, and the model says what it was made from
    expect(readdirSync(join(out, "artifacts")).some((name) => name.startsWith("latents-"))).toBe(false);
    const models = join(artifactOf(out, "evaluation-oal"), evaluationFiles.models);
    const { ingredients } = await loadModel(join(models, readdirSync(models)[0] ?? ""));
    expect(ingredients.map(({ role }) => role)).toEqual(["data", "teacher", "diffusion model"]);
  }, 120_000);

  it("go on where they were stopped, with the same bits", async () => {
    const args = ["run", join(folder, "small.yaml"), "--until", "synthesis:guided", "--quiet"];
    // six batches of a call's rows
    args.push(
      "--set",
      "synthesis.count=192",
      "--set",
      "exposure.outliers=guided",
      "--out",
      join(folder, "stopped"),
    );
    const child = spawn(process.execPath, [main, ...args], { stdio: "ignore" });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const store = join(process.env["OAL_STORE"] ?? "", "artifacts");
    const kept = (): string[] =>
      (existsSync(store) ? readdirSync(store) : [])
        .filter((name) => /^\.synthesis-guided-.*\.checkpoints$/.test(name))
        .flatMap((name) => {
          const place = join(store, name, "latents");
          return existsSync(place)
            ? readdirSync(place).filter((file) => /^\d+\.safetensors$/.test(file))
            : [];
        });
    while (kept().length === 0 && child.exitCode === null) await setTimeout(20);
    child.kill("SIGINT");
    await ended;
    expect(kept().length).toBeGreaterThan(0);
    expect(kept().length).toBeLessThan(6);
    const again = await oalInside(args);
    expect(again.status, again.stderr).toBe(0);
    const artifact = artifactOf(join(folder, "stopped"), "synthesis-guided");
    const resumed = readFileSync(join(artifact, "pictures.safetensors"));
    rmSync(realpathSync(artifact), { recursive: true });
    const anew = await oalInside(args);
    expect(anew.status, anew.stderr).toBe(0);
    expect(readFileSync(join(artifact, "pictures.safetensors")).equals(resumed)).toBe(true);
  }, 120_000);
});
