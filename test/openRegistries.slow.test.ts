/**
 * Registries are open from outside: modules of a user's own, named by a configuration, add one of every kind to training, and all
 * of it is used by one run of the installed program: trained in its thread, logged, measured, exported, part of the keys.
 */
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pluginTools } from "oal";
import { readSafetensors } from "oal/nn";
import { afterAll, describe, expect, it } from "vitest";
import { oal } from "./cli/oal.js";

const { z } = pluginTools;
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oal-plugins-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env["OAL_CACHE"] = join(folder, "cache");
cpSync(join(root, "test", "plugins"), folder, { recursive: true });
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));

writeFileSync(
  join(folder, "my.yaml"),
  `
plugins: [./everything.mjs, ./network.mjs]
threads: 1
methods: [mine]
data: { embedded: { train: 40, validation: 20, test: 20, validationOod: 20, ood: 20 } }
teacher: { network: resnetSmall, width: 4, activation: half, epochs: 1, batchSize: 8, schedule: constant }
student: { network: mean, gain: 2, loss: squares, optimiser: signless, brake: 2, schedule: halving, every: 3, learningRate: 0.01, epochs: 1, batchSize: 8 }
boundary: { rounds: 1, noise: 16 }
autoEncoder: { width: 8, steps: 2, batchSize: 8 }
denoiser: { channels: 16, steps: 2, batchSize: 8 }
synthesis: { count: 6, inliers: 2, steps: 2, sampler: jump, reach: 0.5, maxTeacherConfidence: 1 }
twin: { weight: 0.25 }
exposure: { outliers: static, shrinkWeight: 0.1, fraction: 0.5 }
static: { count: 5 }
evaluation: { bootstrap: 0, detectors: [msp], scoreDetector: msp }
`,
);

const planSchema = z.array(z.looseObject({ name: z.string(), key: z.string(), state: z.string() }));
const logSchema = z.object({
  curves: z.record(z.string(), z.record(z.string(), z.array(z.tuple([z.number(), z.number()])))),
});
const runSchema = z.looseObject({ artifacts: z.record(z.string(), z.string()) });

function plan(): ReadonlyMap<string, { key: string; state: string }> {
  const { stdout, stderr, status } = oal(["plan", "my.yaml", "--until", "evaluation", "--json"], {
    cwd: folder,
  });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  return new Map(planSchema.parse(JSON.parse(stdout)).map((each) => [each.name, each]));
}

describe("a run with things of one's own", { timeout: 240_000 }, () => {
  it("trains, measures and exports with all of them", async () => {
    const { stdout, stderr, status } = oal(["evaluate", "my.yaml", "--out", "run", "--json"], {
      cwd: folder,
    });
    expect(stderr).not.toContain("OAL-");
    expect(status).toBe(0);
    const { artifacts } = runSchema.parse(JSON.parse(stdout));
    const student = artifacts["student:mine"] ?? "";
    const { curves } = logSchema.parse(JSON.parse(readFileSync(join(student, "log.json"), "utf8")));
    const terms = curves["student mine"] ?? {};
    const at = (name: string, step: number): number => terms[name]?.[step]?.[1] ?? Number.NaN;
    // The weights: 1 of the recipe's loss, 2 x 0.25 of the method, those of three exposures.
    for (const step of [0, 4])
      expect(at("total", step)).toBeCloseTo(
        at("ce", step) +
          0.5 * at("twin", step) +
          0.5 * at("exposureUniform", step) +
          at("outlierKd", step) +
          0.1 * at("shrink", step),
        4,
      );
    expect(at("counted", 0)).toBe(6);
    const { tensors } = await readSafetensors(join(student, "parameters.safetensors"));
    const shift = tensors.get("heads.twin.shift");
    expect(shift?.shape).toEqual([10]);
    expect(new Set(Array.from(shift?.data ?? [], Number)).size).toBeGreaterThan(1);
    const scored: unknown = JSON.parse(readFileSync(join(artifacts["counted"] ?? "", "count.json"), "utf8"));
    expect(scored).toEqual({ count: 6 });
  });

  it("knows what was made, and makes again what a changed module is part of", () => {
    const before = plan();
    expect(new Set([...before.values()].map(({ state }) => state))).toEqual(new Set(["made"]));
    appendFileSync(join(folder, "network.mjs"), "// changed\n");
    const after = plan();
    const changed = [...before.keys()].filter((name) => after.get(name)?.key !== before.get(name)?.key);
    expect(changed.sort()).toEqual(["evaluation:mine", "student:mine"]);
  });

  it("names them in the configuration and in errors", () => {
    const { stdout } = oal(["config", "my.yaml"], { cwd: folder });
    for (const line of ["gain: 2", "brake: 2", "every: 3", "activation: half", "reach: 0.5", "count: 5"])
      expect(stdout).toContain(line);
    expect(stdout).toContain("# factor of the features");
    const wrong = oal(["config", "my.yaml", "--set", "student.network=meen"], { cwd: folder });
    expect(wrong.stderr).toContain('there is no network "meen", did you mean "mean"?');
    const idle = oal(["config", "my.yaml", "--set", "teacher.gain=3"], { cwd: folder });
    expect(idle.stderr).toContain("teacher.gain: has no effect with teacher.network: resnetSmall");
  });
});
