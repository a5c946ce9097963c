/** What a course changes in a synthesis: where it starts, what guidance starts from, and the times it goes through. */
import { Random, float32Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { courseGrid } from "./course.js";
import type { LatentDiffusion } from "./diffusion/model.js";
import { likelyFakes, pickedPictures } from "./fakes.js";
import { noiseSchedule } from "./samplers/schedule.js";
import { synthesize } from "./synthesis.js";

/** One call of the network. */
interface Asked {
  readonly time: number;
  readonly latents: readonly number[];
}

/** A network that predicts its state as the noise, and keeps what it was asked; rows of 2 numbers. */
function stateModel(asked: Asked[] = []): LatentDiffusion {
  return {
    latentShape: [2, 1, 1],
    imageSize: 1,
    embeddingDimension: 1,
    stateShape: [1, 1],
    latentScale: 1,
    schedule: noiseSchedule(),
    prediction: "epsilon",
    denoiserBatch: 4,
    encode: () => Promise.reject(new Error("not asked for")),
    decode: () => Promise.reject(new Error("not asked for")),
    decoderGraph: () => Promise.reject(new Error("not asked for")),
    condition: (given, count) =>
      Promise.resolve(given ? given.embeddings.slice(0, count) : new Float32Array(count)),
    predict: (latents, time, states) => {
      asked.push({ time, latents: [...latents] });
      const both = Float32Array.from(
        states.length === 0 ? [] : [...states].flatMap((state) => [state, state]),
      );
      return Promise.resolve(float32Tensor([states.length, 2, 1, 1], both));
    },
    release: () => Promise.resolve(),
  };
}

const conditions = { embeddings: Float32Array.of(1, -1, 0.25), dimension: 1, labels: [0, 1, 2] };
const options = { count: 3, seed: 3, steps: 5, sampler: "ddim", guidance: 1 };

describe("a course", () => {
  it("starts from noised latents at its share of the times, and ends at the first", async () => {
    const asked: Asked[] = [];
    const clean = Float32Array.of(5, -5, 1, 2, 3, 4);
    await synthesize(testEngine, stateModel(asked), conditions, options, {
      chosen: Int32Array.of(0, 1, 2),
      start: { latents: clean, share: 0.6 },
      stream: "test",
    });
    expect(asked.map(({ time }) => time)).toEqual([599, 450, 300, 151, 1]);
    const level = noiseSchedule().alphaBar[599] ?? 0;
    const random = new Random(3, "test/start");
    const wanted = [0, 1, 2, 2].flatMap((item) =>
      [...random.normals(item, 2)].map(
        (e, d) => Math.sqrt(level) * (clean[item * 2 + d] ?? 0) + Math.sqrt(1 - level) * e,
      ),
    );
    expect(asked[0]?.latents).toEqual(wanted.map((value): unknown => expect.closeTo(value, 4)));
  });

  it("is guided from an embedding of each latent's own, where it has one", async () => {
    const made = async (chosen: readonly number[], guidance: number, against?: readonly number[]) => {
      const from = against && {
        against: { conditions, chosen: Int32Array.from(against) },
        guidance,
      };
      const work = { chosen: Int32Array.from(chosen), ...from };
      return [...(await synthesize(testEngine, stateModel(), conditions, options, work)).latents];
    };
    // linear in the noise that is predicted: w c + (1 - w) u
    const [ones, minus, quarter] = [
      await made([0, 0, 0], 1),
      await made([1, 1, 1], 1),
      await made([2, 2, 2], 1),
    ];
    const guided = await made([0, 1, 2], 3, [1, 2, 0]);
    const slope = ((ones[0] ?? 0) - (minus[0] ?? 0)) / 2;
    const noises = [3 * 1 + -2 * -1, 3 * -1 + -2 * 0.25, 3 * 0.25 + -2 * 1];
    noises.forEach((noise, row) =>
      expect(guided[2 * row]).toBeCloseTo((quarter[2 * row] ?? 0) + slope * (noise - 0.25), 4),
    );
    // the weight 1 keeps the condition alone, and both are asked for
    expect(await made([0, 0, 0], 1, [1, 1, 1])).toEqual(ones.map((v): unknown => expect.closeTo(v, 5)));
  });

  it("goes through whole schedules as every sampling does, and through short ones in as many steps as they have times", () => {
    const schedule = noiseSchedule();
    expect([...courseGrid(schedule, 4).timesteps]).toEqual([751, 501, 251, 1]);
    expect([...courseGrid(schedule, 3, 0.01).timesteps]).toEqual([9, 5, 1]);
    // no more steps than times
    expect([...courseGrid(schedule, 50, 0.006).timesteps]).toEqual([5, 4, 3, 2, 1]);
  });
});

describe("fakes", () => {
  const logits = Float32Array.from(
    [
      [5, 0, 0],
      [0, 5, 0],
      [5, 0, 0],
      [0.1, 0, 0],
    ].flat(),
  );
  const set = {
    count: 4,
    labels: Int32Array.of(0, 0, 1, 0),
    others: Int32Array.of(-1, -1, 0, -1),
    sources: Int32Array.of(4, 5, 6, 7),
    positions: Int32Array.of(0, 1, 2, 3),
    seed: 1,
    imageSize: 1,
    latentShape: [1, 1, 1] as const,
    latents: Float32Array.of(1, 2, 3, 4),
    images: Uint8Array.from({ length: 12 }, (_, i) => i),
  };

  it("are pictures that the teacher is sure to be of a class they were made of, first or second", () => {
    const { kept, fakeShare, sameClassShare, sureShare, meanConfidence } = likelyFakes(logits, set, 0.9);
    expect([...kept]).toEqual([1, 3]);
    expect([fakeShare, sameClassShare, sureShare]).toEqual([0.5, 0.75, 0.75]);
    const sure = Math.exp(5) / (Math.exp(5) + 2);
    expect(meanConfidence).toBeCloseTo((3 * sure + Math.exp(0.1) / (Math.exp(0.1) + 2)) / 4, 6);
    expect([...likelyFakes(logits, set, 1).kept]).toEqual([0, 1, 2, 3]);
  });

  it("are left out row by row", () => {
    const { count, images, latents, sources, others } = pickedPictures(set, [3, 1]);
    expect([count, [...images], [...latents], [...sources], [...(others ?? [])]]).toEqual([
      2,
      [9, 10, 11, 3, 4, 5],
      [4, 2],
      [7, 5],
      [-1, -1],
    ]);
  });
});
