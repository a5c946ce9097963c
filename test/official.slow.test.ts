/** The published method from end to end: preset official-small, every row off, made smaller; then one row switched alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Data, float32Tensor, toNumbers, type Tensor } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../packages/oal/src/nn/safetensors.js";
import { isRecord, valueAt } from "../packages/oal/src/pipeline/configuration/merge.js";
import { drawnTensor, foreignModel } from "../packages/oal/src/testing/foreignModel.js";
import { oal } from "./cli/oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-official-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

writeFileSync(
  join(folder, "small.yaml"),
  `
preset: official-small
threads: 1
data: { embedded: { train: 2000, validation: 40, test: 40, validationOod: 20, ood: 20 } }
teacher: { width: 16, depth: 1, heads: 2, patch: 8, epochs: 1 }
student: { width: 8, epochs: 1 }
boundary: { noise: 16, rounds: 1 }
autoEncoder: { steps: 4, batchSize: 8, width: 8 }
denoiser: { steps: 4, batchSize: 8, channels: 16 }
synthesis: { count: 135, steps: 2, inliers: 8 }
methods: [head, oal]
evaluation: { bootstrap: 0 }
`,
);
/** What a command printed with --json. */
interface Results {
  artifact(stage: string): string;
  stages(): readonly string[];
  /** What chose a setting, in words. */
  how(setting: string): unknown;
  readonly report: string;
}

function resultsOf(printed: unknown): Results {
  const artifacts = valueAt(printed, ["artifacts"]);
  const choices = valueAt(printed, ["choices"]);
  return {
    artifact: (stage) => String(valueAt(artifacts, [stage])),
    stages: () => (isRecord(artifacts) ? Object.keys(artifacts) : []),
    how: (setting) =>
      valueAt(
        Array.isArray(choices) ? choices.find((each) => valueAt(each, ["setting"]) === setting) : undefined,
        ["how"],
      ),
    report: String(valueAt(printed, ["reportPath"])),
  };
}

const run = (...args: string[]): Results => {
  const { stdout, stderr, status } = oal([...args, "--json", "--quiet"], { cwd: folder });
  expect(status, stderr).toBe(0);
  return resultsOf(JSON.parse(stdout));
};

/** The numbers of an object. */
function numbersIn(found: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(isRecord(found) ? found : {}).map(([name, value]) => [name, Number(value)]),
  );
}

let official: Results;
beforeAll(() => {
  official = run("run", "small.yaml", "--out", "official");
}, 240_000);

const tensor = async (stage: string, file: string, name: string): Promise<Tensor> => {
  const found = (await readSafetensors(join(official.artifact(stage), file))).tensors.get(name);
  if (!found) throw new Error(`${stage} has no ${name}`);
  return found;
};

describe("the published method", () => {
  it("makes outliers of the published length, three latents of an embedding, and profiles of columns", async () => {
    const embeddings = await tensor("boundary", "outliers.safetensors", "embeddings");
    const [count = 0, width = 0] = embeddings.shape;
    const values = toNumbers(embeddings);
    for (const row of [0, count - 1])
      expect(Math.hypot(...values.slice(row * width, (row + 1) * width))).toBeCloseTo(27.06, 3);
    const sources = toNumbers(await tensor("latents", "latents.safetensors", "sources"));
    expect(sources).toHaveLength(135);
    for (let i = 0; i < sources.length; i += 3) expect(new Set(sources.slice(i, i + 3)).size).toBe(1);
    expect((await tensor("latents", "latents.safetensors", "pooled")).shape).toEqual([135, 8]);
    expect((await tensor("embeddings", "embeddings.safetensors", "bankFeatures")).shape).toEqual([2000, 16]);
  });

  it("trains students from a warm start, with a last step of 80 and the published terms", async () => {
    const log: unknown = JSON.parse(readFileSync(join(official.artifact("student:oal"), "log.json"), "utf8"));
    const curves = valueAt(log, ["curves", "student oal"]);
    const names = isRecord(curves) ? Object.keys(curves) : [];
    expect(names).toEqual(expect.arrayContaining(["ce", "logitKd", "featureKd", "club", "deepClub"]));
    expect(names).not.toContain("clubBound");
    const last = (name: string): unknown[] => {
      const points = valueAt(curves, [name]);
      const point: unknown = Array.isArray(points) ? points.at(-1) : undefined;
      return Array.isArray(point) ? point : [];
    };
    expect(last("total")[0]).toBe(16);
    const at = (name: string): number => Number(last(name)[1]);
    const sum = at("ce") + 4 * at("logitKd") + 8 * at("featureKd") + 0.1 * at("club") + 0.2 * at("deepClub");
    expect(at("total")).toBeCloseTo(sum, 3);
    // the start itself is measured beside what was trained from it
    const weights = async (stage: string): Promise<number[]> =>
      toNumbers(await tensor(stage, "parameters.safetensors", "fc.weight"));
    expect(await weights("student:head")).toEqual(await weights("warmStart"));
    expect(await weights("student:oal")).not.toEqual(await weights("warmStart"));
  });

  it("keeps the epoch after which most validation images were right, of equal ones the later", () => {
    for (const stage of ["teacher", "warmStart", "student:oal"]) {
      const manifest: unknown = JSON.parse(
        readFileSync(join(official.artifact(stage), "artifact.json"), "utf8"),
      );
      const { keptStep, lastValidationAccuracy, validationAccuracy, steps } = numbersIn(
        valueAt(manifest, ["metrics"]),
      );
      expect(keptStep).toBeLessThanOrEqual(steps ?? 0);
      expect(validationAccuracy).toBeGreaterThanOrEqual(lastValidationAccuracy ?? Number.NaN);
      if (validationAccuracy === lastValidationAccuracy) expect(keptStep).toBe(steps);
    }
  });

  it("trains a model that does not know the classes before it teaches, the layers slower than the head", async () => {
    writeFileSync(join(folder, "someone.onnx"), foreignModel(32));
    writeFileSync(
      join(folder, "taught.yaml"),
      `
preset: official-small
threads: 1
data: { embedded: { train: 2000, validation: 40, test: 40, validationOod: 20, ood: 20 } }
teacher: { model: someone.onnx, normalisation: student, finetune: { epochs: 1 } }
student: { width: 8, epochs: 1 }
warmStart: { epochs: 0 }
fixes: { r13: true }
`,
    );
    const taught = run("train", "taught.yaml", "--out", "taught", "--method", "kd");
    const made = taught.artifact("teacher");
    const manifest: unknown = JSON.parse(readFileSync(join(made, "artifact.json"), "utf8"));
    // 15 steps of 128 of the 2,000 images, and one of 80
    expect(numbersIn(valueAt(manifest, ["metrics"]))).toMatchObject({ steps: 16, keptStep: 16 });
    const { tensors } = await readSafetensors(join(made, "parameters.safetensors"));
    const distance = (name: string, from: Tensor): number => {
      const now = tensors.get(name);
      if (!now) throw new Error(`no ${name}`);
      const before = toNumbers(from);
      return Math.max(...toNumbers(now).map((value, i) => Math.abs(value - (before[i] ?? Number.NaN))));
    };
    // Adam's steps are as long as the rate: 16 of at most 1e-6, after half a cosine
    const moved = distance("trunk.stem.weight", drawnTensor("stem.weight", [4, 3, 3, 3]));
    expect(moved).toBeGreaterThan(1e-6);
    expect(moved).toBeLessThan(1.7e-5);
    const head = float32Data(tensors.get("head.weight") ?? float32Tensor([0], []));
    expect(Math.max(...head.map(Math.abs))).toBeLessThan(0.1);
  }, 120_000);

  it("reports which rows were in force, and what they come from", () => {
    const page = readFileSync(official.report, "utf8");
    expect(page).toContain("Mode official:");
    expect(page).toContain("boundary.scale: 27.06");
    expect(official.how("mi.pairing")).toBe("fixes.r03: false");
    expect(official.how("kd.featureWeight")).toBe("mode: official");
  });

  it("goes on with what a row that is switched alone does not touch", () => {
    const again = run("train", "small.yaml", "--out", "pairs", "--set", "fixes.r03=true");
    const changed = again.stages().filter((stage) => again.artifact(stage) !== official.artifact(stage));
    expect(changed).toEqual(["student:oal"]);
  }, 120_000);
});
