/** The audit of a synthetic set with a teacher whose answers are given: confidences on both sides of each threshold. */
import { describe, expect, it } from "vitest";
import { auditPosterior, withoutFakes, type Teacher } from "./audit.js";
import type { SynthesisPictures } from "./synthesis.js";
import { testEngine } from "../testing/engine.js";

/** Probability of the predicted class of two, the predicted class, and the class of the embedding behind the picture. */
const pictures: readonly (readonly [confidence: number, prediction: 0 | 1, label: number])[] = [
  [0.95, 0, 0],
  [0.91, 0, 0],
  [0.89, 0, 0],
  [0.55, 1, 0],
  [0.97, 1, 0],
  [0.92, 1, 1],
  [0.6, 1, 1],
  [0.99, 0, 1],
];

const teacher: Teacher = (_pixels, count) =>
  Promise.resolve({
    // Two classes: log odds of the predicted one.
    logits: Float32Array.from({ length: count * 2 }, (_, i) => {
      const picture = pictures[i >> 1];
      if (!picture) throw new Error(`no picture ${i >> 1}`);
      const [confidence, prediction] = picture;
      return i % 2 === prediction ? Math.log(confidence / (1 - confidence)) : 0;
    }),
    // The picture's feature lies 60 degrees from the embedding (1, 0) of its class.
    features: Float32Array.from({ length: count * 2 }, (_, i) => (i % 2 === 0 ? 0.5 : Math.sqrt(0.75))),
  });

const set: SynthesisPictures = {
  count: pictures.length,
  latentShape: [1, 1, 1],
  imageSize: 1,
  latents: Float32Array.from(pictures, (_, i) => i),
  images: Uint8Array.from({ length: pictures.length * 3 }, (_, i) => i),
  labels: Int32Array.from(pictures, ([, , label]) => label),
  sources: Int32Array.from(pictures, () => 0),
  positions: Int32Array.from(pictures, (_, i) => i),
  seed: 1,
};
const conditions = { embeddings: Float32Array.of(2, 0), dimension: 2, labels: [0] };
const bank = {
  embeddings: Float32Array.of(1, 0, 0, 1, 0, -1, -1, 0),
  dimension: 2,
  labels: Int32Array.of(0, 0, 1, 1),
  classes: 2,
};

describe("the audit of a synthetic set", () => {
  it("calls fake what the teacher takes for the embedding's class with more than 0.9", async () => {
    const audit = await auditPosterior(testEngine, set, conditions, teacher, bank, 1);
    expect(audit.threshold).toBe(0.9);
    expect(audit.fakeShare).toBe(3 / 8);
    expect(audit.fakeShareByClass).toEqual([2 / 5, 1 / 3]);
    expect(audit.sameClassShare).toBe(5 / 8);
    const strict = await auditPosterior(testEngine, set, conditions, teacher, bank, 1, 0.93);
    expect(strict.fakeShareByClass).toEqual([1 / 5, 0]);
  });

  it("reports confidence, prediction, histogram and the cosine to the embedding", async () => {
    const audit = await auditPosterior(testEngine, set, conditions, teacher, bank, 1);
    expect([...audit.prediction]).toEqual(pictures.map(([, prediction]) => prediction));
    pictures.forEach(([confidence], i) => expect(audit.confidence[i]).toBeCloseTo(confidence, 5));
    expect(audit.meanConfidence).toBeCloseTo(pictures.reduce((sum, [value]) => sum + value, 0) / 8, 5);
    expect(audit.histogram.reduce((sum, value) => sum + value, 0)).toBe(8);
    expect(audit.histogram.slice(8)).toEqual([1, 5]);
    expect(audit.meanCosine).toBeCloseTo(0.5, 5);
  });

  it("measures the distance to the K-th neighbour in the embedding's own class", async () => {
    const only = { ...set, count: 2, labels: Int32Array.of(0, 1), sources: Int32Array.of(0, 0) };
    // (1/2, √3/2) lies 30 degrees from (0, 1), 60 from (1, 0); 120 from (-1, 0), 150 from (0, -1).
    const apart = (degrees: number): number => 2 - 2 * Math.cos((degrees * Math.PI) / 180);
    const first = (await auditPosterior(testEngine, only, conditions, teacher, bank, 1)).distances;
    expect([first.minimum, first.maximum]).toEqual([
      expect.closeTo(apart(30), 5),
      expect.closeTo(apart(120), 5),
    ]);
    const second = (await auditPosterior(testEngine, only, conditions, teacher, bank, 2)).distances;
    expect([second.minimum, second.maximum]).toEqual([
      expect.closeTo(apart(60), 5),
      expect.closeTo(apart(150), 5),
    ]);
    // A K beyond the class is the class's last.
    expect((await auditPosterior(testEngine, only, conditions, teacher, bank, 9)).distances).toEqual(second);
  });

  it("drops pictures of their embedding's class above the confidence, and no others", async () => {
    const audit = await auditPosterior(testEngine, set, conditions, teacher, bank, 1);
    const kept = withoutFakes(set, audit, 0.9);
    expect([...kept.latents]).toEqual([2, 3, 4, 6, 7]);
    expect([...kept.images.subarray(0, 3)]).toEqual([6, 7, 8]);
    expect([...kept.labels]).toEqual([0, 0, 0, 1, 1]);
    expect(withoutFakes(set, audit, 1).count).toBe(8);
  });
});
