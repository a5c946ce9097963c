/** Which prediction guidance starts from, and which embedding each latent is made of, with a network of one line. */
import { float32Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import type { LatentDiffusion } from "./diffusion/model.js";
import { noiseSchedule } from "./samplers/schedule.js";
import { decodePictures, synthesize } from "./synthesis.js";
import { testEngine } from "../testing/engine.js";

/** A network that predicts its state as the noise; no condition is the state 0. Counts the rows it was asked for. */
function stateModel(batch: number, calls: number[] = []): LatentDiffusion {
  return {
    latentShape: [1, 1, 1],
    imageSize: 1,
    embeddingDimension: 1,
    stateShape: [1, 1],
    latentScale: 1,
    schedule: noiseSchedule(),
    prediction: "epsilon",
    denoiserBatch: batch,
    encode: () => Promise.reject(new Error("not asked for")),
    decoderGraph: () => Promise.reject(new Error("not asked for")),
    decode: (latents, count) => Promise.resolve(new Uint8Array(3 * count).fill(latents.length)),
    condition: (given, count) =>
      Promise.resolve(given ? given.embeddings.slice(0, count) : new Float32Array(count)),
    predict: (_latents, _time, states) => {
      calls.push(states.length);
      return Promise.resolve(float32Tensor([states.length, 1, 1, 1], states));
    },
    release: () => Promise.resolve(),
  };
}

const conditions = { embeddings: Float32Array.of(1, -1, 0.25), dimension: 1, labels: [0, 1, 2] };
const chosen = Int32Array.of(2, 0, 1, 0, 1);

/** Latents per unit of predicted noise, from the same start noise. */
async function latents(guidance: number, batch = 4): Promise<number[]> {
  const options = { count: 5, seed: 3, steps: 5, sampler: "ddim", guidance };
  return [...(await synthesize(testEngine, stateModel(batch), conditions, options, { chosen })).latents];
}

describe("synthesis", () => {
  it("is guided from no condition (state 0) to the condition and beyond, row by row", async () => {
    const none = await synthesize(
      testEngine,
      stateModel(4),
      { ...conditions, embeddings: new Float32Array(3) },
      { count: 5, seed: 3, steps: 5, sampler: "ddim", guidance: 1 },
      { chosen },
    );
    const [one, two, four] = [await latents(1), await latents(2), await latents(4)];
    // The end is linear in the predicted noise, which is guidance times the embedding.
    const states = [0.25, 1, -1, 1, -1];
    const unit = ((one[1] ?? 0) - (none.latents[1] ?? 0)) / 1;
    expect(Math.abs(unit)).toBeGreaterThan(0.1);
    for (const [row, state] of states.entries()) {
      const start = none.latents[row] ?? 0;
      expect((one[row] ?? 0) - start).toBeCloseTo(unit * state, 4);
      expect((two[row] ?? 0) - start).toBeCloseTo(2 * unit * state, 4);
      expect((four[row] ?? 0) - start).toBeCloseTo(4 * unit * state, 4);
    }
  });

  it("says which row and class every latent is of, and does not depend on the batch", async () => {
    const made = await synthesize(
      testEngine,
      stateModel(4),
      conditions,
      { count: 5, seed: 3, steps: 5, sampler: "dpmSolver2m", guidance: 2 },
      { chosen },
    );
    expect([...made.sources]).toEqual([2, 0, 1, 0, 1]);
    expect([...made.labels]).toEqual([2, 0, 1, 0, 1]);
    const { images } = await decodePictures(stateModel(4), made);
    expect([made.count, images.length, images[0]]).toEqual([5, 15, 5]);
    const wide = await latents(2, 10);
    (await latents(2, 4)).forEach((value, i) => expect(value).toBeCloseTo(wide[i] ?? NaN, 4));
  });
});
