/** A synthesis that is stopped and goes on: nothing is made twice, and the bits are those of one that was never stopped. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Tensor } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import type { LatentDiffusion } from "./diffusion/model.js";
import { latentsInFolder } from "./keptLatents.js";
import { noiseSchedule } from "./samplers/schedule.js";
import { synthesize } from "./synthesis.js";

/** A network that predicts a mixture of its latent and its state; counts its calls. */
function mixing(calls: { count: number }): LatentDiffusion {
  return {
    latentShape: [1, 1, 2],
    imageSize: 1,
    embeddingDimension: 1,
    stateShape: [1, 1],
    latentScale: 1,
    schedule: noiseSchedule(),
    prediction: "epsilon",
    denoiserBatch: 4,
    decoderGraph: () => Promise.reject(new Error("not asked for")),
    encode: () => Promise.reject(new Error("not asked for")),
    decode: () => Promise.reject(new Error("not asked for")),
    condition: (given, count) =>
      Promise.resolve(given?.embeddings.slice(0, count) ?? new Float32Array(count)),
    predict: (latents, time, states) => {
      calls.count += 1;
      const values = latents.map((value, i) => value * Math.sin(time) + (states[i >> 1] ?? 0));
      return Promise.resolve(float32Tensor([4, 1, 1, 2], values));
    },
    release: () => Promise.resolve(),
  };
}

const conditions = { embeddings: Float32Array.of(1, -1, 0.3), dimension: 1, labels: [0, 1, 2] };
const options = { count: 7, seed: 5, steps: 10, sampler: "ddim", eta: 1, guidance: 3 };

describe("latents of a stopped synthesis", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "oal-kept-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("are taken as they are, and only the others are made", async () => {
    const whole = { count: 0 };
    const never = await synthesize(testEngine, mixing(whole), conditions, options);
    const kept = latentsInFolder(join(folder, "a"));
    const first = { count: 0 };
    const stopping = synthesize(testEngine, mixing(first), conditions, options, {
      kept,
      onStep: () => {
        if (first.count === 25) throw new Error("stopped");
      },
    });
    await expect(stopping).rejects.toThrow("stopped");
    const second = { count: 0 };
    const told: string[] = [];
    const resumed = await synthesize(testEngine, mixing(second), conditions, options, {
      kept,
      onProgress: (done, total) => told.push(`${done}/${total}`),
    });
    expect(resumed).toEqual(never);
    // two latents a batch, ten steps each: two of four batches were finished
    expect([whole.count, first.count, second.count]).toEqual([40, 25, 20]);
    expect(told).toEqual(["4/7", "6/7", "7/7"]);
    const third = { count: 0 };
    expect(await synthesize(testEngine, mixing(third), conditions, options, { kept })).toEqual(never);
    expect(third.count).toBe(0);
  });

  it("of another number count as none, damaged ones are refused", async () => {
    const kept = latentsInFolder(join(folder, "b"));
    await kept.write(0, Float32Array.of(1, 2));
    expect(await kept.read(0, 3)).toBeNull();
    expect(await kept.read(0, 2)).toEqual(Float32Array.of(1, 2));
    expect(await kept.read(1, 2)).toBeNull();
    await writeFile(join(folder, "b", "000000.safetensors"), "x");
    await expect(kept.read(0, 2)).rejects.toMatchObject({ code: "OAL-I103" });
  });
});
