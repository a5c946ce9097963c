import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Graph, Random, float32Tensor, memoryRows, sizeOf, type Tensor, type Value } from "oal-core";
import { TrainingContext } from "../../nn/context.js";
import type { TrainingTask } from "../../training/task.js";
import { train } from "../../training/trainer.js";
import { auditPosterior, beatsChance, embeddingEffect, withoutFakes, type Teacher } from "../audit.js";
import { writeContactSheet } from "../contactSheet.js";
import { noiseSchedule } from "../samplers/schedule.js";
import { decodePictures, synthesize, type ConditionSet } from "../synthesis.js";
import { diffusionGraphs, type TrainedDiffusion } from "./graphs.js";
import { openDiffusionFolder } from "./openFolder.js";
import { saveDiffusionFolder } from "./folder.js";
import type { LatentDiffusion } from "./model.js";
import { autoEncoderQuality } from "./quality.js";
import { autoEncoderTask, denoiserTask, LatentScale, type PictureSource } from "./tasks.js";
import { testEngine } from "../../testing/engine.js";

const size = 16;
const dimension = 6;
const count = 12;
const pixels = new Uint8Array(count * 3 * size * size).map(
  (_, i) => ((i % size) * 16 + Math.floor(i / 768) * 20) & 255,
);
const images: PictureSource = {
  count,
  height: size,
  width: size,
  read: (indices) =>
    Uint8Array.from(Array.from(indices).flatMap((i) => [...pixels.subarray(i * 768, (i + 1) * 768)])),
};
const autoEncoderOptions = { width: 8, fullResolution: false, klWeight: 1e-3 };
const denoiserOptions = { channels: 8, blocks: 1, target: "v" } as const;
const defaults = { guidance: 2, sampler: "dpmSolver2m", seed: 42, count: 6 };
const latentShape = [4, 4, 4] as const;
const conditions: ConditionSet = {
  embeddings: new Random(3, "test").normals(0, count * dimension),
  dimension,
  labels: Int32Array.from({ length: count }, (_, i) => i % 3),
};

function task(kind: "autoEncoder" | "denoiser"): TrainingTask {
  if (kind === "autoEncoder")
    return autoEncoderTask({ ...autoEncoderOptions, images, batchSize: 4, flip: false, seed: 1 });
  const mean = Float32Array.from(
    { length: count * 64 },
    (_, i) => (Math.floor(i / 64) % 3) - 1 + ((i >> 4) & 1),
  );
  const moments = {
    mean: memoryRows(mean, 64),
    logVariance: memoryRows(
      mean.map(() => -3),
      64,
    ),
  };
  const shared = { embeddings: memoryRows(conditions.embeddings, dimension), batchSize: 4, seed: 1 };
  const conditioned = { conditionDropout: 0.1, conditionNoise: 0.02, schedule: noiseSchedule() };
  return denoiserTask({
    ...denoiserOptions,
    ...shared,
    ...conditioned,
    moments,
    latentShape,
    latentScale: 1,
  });
}

/** Parameters of a task, all random, so that nothing is hidden behind zeros. */
function randomParameters(given: TrainingTask): Map<string, Tensor> {
  const context = new TrainingContext(new Graph());
  const inputs: Record<string, Value> = {};
  for (const [name, type] of Object.entries(given.inputs))
    inputs[name] = context.graph.input(`batch/${name}`, type);
  given.build(context, inputs);
  const random = new Random(9, "test");
  return new Map(
    context.specs.map(({ name, shape }) => {
      const values = random.derive(name).normals(0, sizeOf(shape));
      const fan = Math.max(1, sizeOf(shape.slice(1)));
      return [
        name,
        float32Tensor(
          shape,
          values.map((value) => (name.includes("norm") ? 1 : 0) + value / Math.sqrt(fan) / 2),
        ),
      ];
    }),
  );
}

describe("tasks", () => {
  test("batches are functions of the step", () => {
    for (const kind of ["autoEncoder", "denoiser"] as const) {
      const [first, second] = [task(kind), task(kind)];
      first.batch(0);
      expect(first.batch(7)).toEqual(second.batch(7));
      expect(first.batch(7)).not.toEqual(first.batch(8));
    }
  });

  test("both losses fall", async () => {
    for (const kind of ["autoEncoder", "denoiser"] as const) {
      const losses: number[] = [];
      const options = {
        name: kind,
        seed: 1,
        steps: 40,
        optimizer: { id: "adam" },
        schedule: { id: "constant", rate: 5e-3, warmup: 0 },
        logEvery: 1,
      } as const;
      await train(
        testEngine,
        task(kind),
        options,
        (event) => event.kind === "loss" && losses.push(event.terms?.["total"] ?? NaN),
      );
      const mean = (values: number[]): number =>
        values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean(losses.slice(-5))).toBeLessThan(0.8 * mean(losses.slice(0, 3)));
    }
  });

  test("latent scale makes sampled latents standard", () => {
    const mean = new Random(1, "test").normals(0, 20_000).map((value) => 3 * value);
    const moments = { mean, logVariance: new Float32Array(20_000).fill(Math.log(16)) };
    const scale = new LatentScale();
    const parts = [0, 7000, 20_000];
    for (const [i, end] of parts.entries()) {
      const start = parts[i - 1] ?? 0;
      scale.add({
        mean: moments.mean.subarray(start, end),
        logVariance: moments.logVariance.subarray(start, end),
      });
    }
    expect(scale.value).toBeCloseTo(1 / 5, 2);
    expect(new LatentScale().value).toBe(1);
  });
});

describe("folder, synthesis, audit", () => {
  let root = "";
  let model: LatentDiffusion;
  const folder = (batch: number): string => join(root, `model-${batch}`);
  const trained = (batch: number): TrainedDiffusion => ({
    autoEncoder: randomParameters(task("autoEncoder")),
    denoiser: randomParameters(task("denoiser")),
    autoEncoderOptions,
    denoiserOptions,
    imageSize: size,
    embeddingDimension: dimension,
    batch,
  });

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "oal-diffusion-"));
    const settings = { latentScale: 0.5, schedule: noiseSchedule(), prediction: "v_prediction" } as const;
    for (const batch of [4, 6])
      await saveDiffusionFolder(folder(batch), diffusionGraphs(trained(batch)), settings);
    model = await openDiffusionFolder(testEngine, folder(4));
  });
  afterAll(async () => {
    await model.release();
    await rm(root, { recursive: true });
  });

  test("the folder says what it holds", async () => {
    expect(model).toMatchObject({
      latentShape: [4, 4, 4],
      imageSize: size,
      embeddingDimension: dimension,
      stateShape: [1, dimension],
    });
    expect(model).toMatchObject({ latentScale: 0.5, prediction: "v_prediction", denoiserBatch: 4 });
    const moments = await model.encode(pixels, 5);
    expect(moments.mean.length).toBe(5 * 64);
    const alone = await model.encode(pixels.subarray(4 * 768, 5 * 768), 1);
    alone.mean.forEach((value, i) => expect(value).toBeCloseTo(moments.mean[4 * 64 + i] ?? NaN, 5));
  });

  test("quality: squared error in dB and the deviation of scaled latents", async () => {
    // an encoder that always says mean 2, variance 9, and a decoder that is wrong by 10 everywhere
    const constant: LatentDiffusion = {
      ...model,
      latentScale: 0.5,
      encode: (_, rows) =>
        Promise.resolve({
          mean: new Float32Array(rows * 64).fill(2),
          logVariance: new Float32Array(rows * 64).fill(Math.log(9)),
        }),
      decode: (_, rows) => Promise.resolve(new Uint8Array(rows * 768).fill(110)),
    };
    const { psnr, channelDeviation } = await autoEncoderQuality(
      constant,
      new Uint8Array(2 * 768).fill(100),
      2,
    );
    expect(psnr).toBeCloseTo(20 * Math.log10(25.5), 9);
    channelDeviation.forEach((value) => expect(value).toBeCloseTo(1.5, 5));
    expect((await autoEncoderQuality(model, pixels, 5)).psnr).toBeLessThan(60);
  });

  test("conditions are unit directions times √D, and a learned vector without", async () => {
    const states = await model.condition(
      { embeddings: conditions.embeddings.subarray(0, dimension), labels: [0] },
      1,
    );
    expect(states.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(dimension, 4);
    const none = await model.condition(null, 2);
    expect([...none.subarray(0, dimension)]).toEqual([...none.subarray(dimension)]);
    expect([...none.subarray(0, dimension)]).not.toEqual([...states]);
  });

  test("synthesis does not depend on the batch, and depends on seed and embedding", async () => {
    const other = await openDiffusionFolder(testEngine, folder(6));
    const options = { ...defaults, count: 5, steps: 4, sampler: "ddim", eta: 1, seed: 2 };
    const first = await synthesize(testEngine, model, conditions, options);
    const second = await synthesize(testEngine, other, conditions, options);
    await other.release();
    expect(first.labels).toEqual(Int32Array.of(0, 1, 2, 0, 1));
    expect(new Set(first.sources).size).toBe(5);
    expect((await decodePictures(model, first)).images.length).toBe(5 * 768);
    second.latents.forEach((value, i) => expect(value).toBeCloseTo(first.latents[i] ?? NaN, 3));
    const reseeded = await synthesize(
      testEngine,
      model,
      conditions,
      { ...options, seed: 3 },
      { chosen: first.sources },
    );
    expect(reseeded.latents).not.toEqual(first.latents);
    const unguided = await synthesize(
      testEngine,
      model,
      conditions,
      { ...options, guidance: 1 },
      { chosen: first.sources },
    );
    expect(unguided.latents).not.toEqual(first.latents);
    expect(
      (await embeddingEffect(testEngine, model, conditions, { ...defaults, steps: 2 }, { pairs: 4 })).byNoise,
    ).toBeGreaterThan(0);
  });

  test("audit counts fakes and drops them", async () => {
    const made = await synthesize(testEngine, model, conditions, { ...defaults, steps: 2 });
    const set = await decodePictures(model, made);
    const teacher: Teacher = async (_, rows) => ({
      logits: Float32Array.from({ length: rows * 3 }, (_, i) => (i % 3 === 0 ? 5 : 0)),
      features: conditions.embeddings.subarray(0, rows * dimension),
    });
    const audit = await auditPosterior(
      testEngine,
      set,
      conditions,
      teacher,
      { ...conditions, classes: 3 },
      2,
    );
    expect(audit.fakeShareByClass).toEqual([1, 0, 0]);
    expect(audit.fakeShare).toBeCloseTo(1 / 3, 9);
    expect(audit.distances.count).toBe(6);
    expect(beatsChance(audit, 3)).toBe(false); // a third is chance
    expect(beatsChance({ ...audit, count: 300, sameClassShare: 0.41 }, 3)).toBe(false);
    expect(beatsChance({ ...audit, count: 300, sameClassShare: 0.42 }, 3)).toBe(true);
    const kept = withoutFakes(set, audit, 0.9);
    expect([...kept.labels]).toEqual([1, 2, 1, 2]);
    expect(kept.latents.subarray(0, 64)).toEqual(set.latents.subarray(64, 128));
    const path = join(root, "sheet.png");
    await writeContactSheet(path, [set, kept], { size, columns: 3, rows: 2 });
    expect((await readFile(path)).subarray(1, 4).toString()).toBe("PNG");
  });

  test("missing and damaged folders are named", async () => {
    await expect(openDiffusionFolder(testEngine, join(root, "none"))).rejects.toMatchObject({
      code: "OAL-D101",
    });
    await writeFile(join(folder(6), "unet", "config.json"), "{");
    await expect(openDiffusionFolder(testEngine, folder(6))).rejects.toMatchObject({ code: "OAL-I103" });
  });
});
