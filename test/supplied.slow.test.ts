/** A run with latents and outlier embeddings that were made elsewhere, in the published shapes: nothing is sampled or synthesised. */
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Tensor, Random, toNumbers } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { readSafetensors } from "../packages/oal/src/nn/safetensors.js";
import { npyBytes } from "../packages/oal/src/testing/npy.js";
import { oalInside } from "./cli/inside.js";

const folder = await mkdtemp(join(tmpdir(), "oal-supplied-run-"));
afterAll(() => rm(folder, { recursive: true }));

it("trains a student on supplied outliers, in its own artifacts as they were given", async () => {
  const random = new Random(1, "supplied");
  const [latents, embeddings] = [random.normals(0, 6 * 3 * 64 * 64), random.normals(1, 10 * 4 * 768)];
  await writeFile(join(folder, "latents.npy"), npyBytes(float32Tensor([6, 3, 64, 64], latents)));
  await writeFile(join(folder, "outliers.npy"), npyBytes(float32Tensor([10, 4, 768], embeddings)));
  const settings = [
    "data.embedded.train=300",
    "data.embedded.validation=60",
    "data.embedded.test=60",
    "data.embedded.validationOod=40",
    "data.embedded.ood=40",
    "teacher.epochs=1",
    "student.epochs=1",
    "synthesis.latents=latents.npy",
    "boundary.outliers=outliers.npy",
    "mi.latentWeight=0.2",
    "mi.embWeight=0.1",
    "mi.pairing=random",
    "mi.latentPooling=channel-row-mean",
    "exposure.uniformWeight=0",
    "exposure.distillWeight=0",
  ].flatMap((setting) => ["--set", setting]);
  const { stderr, status } = await oalInside(
    ["run", "embedded", "--method", "oal", "--out", "run", "--until", "student:oal", ...settings],
    { cwd: folder },
  );
  expect([status, stderr.match(/OAL-[A-Z]\d+/)]).toEqual([0, null]);
  const made = readdirSync(join(folder, "run", "artifacts"));
  expect(made.filter((name) => /^(diffusion|alignment)/.test(name))).toEqual([]);
  const artifact = async (stage: string, file: string) => {
    const name = made.find((each) => each.startsWith(`${stage}-`)) ?? stage;
    return (await readSafetensors(join(folder, "run", "artifacts", name, file))).tensors;
  };
  const stored = await artifact("latents", "latents.safetensors");
  expect(stored.get("pooled")?.shape).toEqual([18, 64]);
  // the mean over rows, column 5 of the last latent
  const last = latents.subarray(17 * 4096);
  const mean =
    Array.from({ length: 64 }, (_, row) => last[row * 64 + 5] ?? 0).reduce((a, b) => a + b, 0) / 64;
  expect(toNumbers(stored.get("pooled") ?? float32Tensor([0], []))[17 * 64 + 5]).toBeCloseTo(mean, 5);
  const outliers = await artifact("boundary", "outliers.safetensors");
  expect(outliers.get("embeddings")?.data).toEqual(embeddings);
  expect(toNumbers(outliers.get("labels") ?? float32Tensor([0], [])).slice(3, 6)).toEqual([0, 1, 1]);
  expect(made.some((name) => name.startsWith("student-oal-"))).toBe(true);
});
