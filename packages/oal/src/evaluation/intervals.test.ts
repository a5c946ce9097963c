/** Intervals and p values of differences: seeds that differ by luck alone, and families of comparisons that resamples are too few for. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { compareModels, differenceTable, type ModelScores } from "./index.js";
import { differenceInterval, differenceOverSeeds } from "./intervals.js";

const random = new Random(11, "intervals");
const resamples = 400;

/**
 * The share of trials without a true difference whose interval leaves 0 out. Every seed's difference is the luck of its training, what
 * its images do to it, and what the images do to all seeds; a bootstrap shows the two latter.
 */
function shareOut(
  trials: number,
  n: number,
  deviation: { readonly training: number; readonly own: number; readonly shared: number },
): number {
  const noise = new Float64Array(resamples);
  let out = 0;
  for (let trial = 0; trial < trials; trial++) {
    const luck = random.derive(`${n}/${trial}`).normals(0, 2 * n + 1);
    const drawn = random.derive(`${n}/${trial}/images`).quickNormals(0, (n + 1) * resamples);
    const at = (row: number, b: number): number => drawn[row * resamples + b] ?? 0;
    const bySeed = Array.from(
      { length: n },
      (_, s) =>
        deviation.training * (luck[s] ?? 0) +
        deviation.own * (luck[n + s] ?? 0) +
        deviation.shared * (luck[2 * n] ?? 0),
    );
    const first = bySeed.map((value, s) =>
      noise.map((_, b) => value + deviation.own * at(s, b) + deviation.shared * at(n, b)),
    );
    const second = bySeed.map(() => noise);
    const { interval, p } = differenceOverSeeds(bySeed, first, second, 1000);
    if (interval[0] > 0 || interval[1] < 0) out++;
    expect(p < 0.05).toBe(interval[0] > 0 || interval[1] < 0);
  }
  return out / trials;
}

describe("differences over few seeds", () => {
  it.each([
    ["trainings differ most, 3 seeds", 3, { training: 0.1, own: 0.001, shared: 0.001 }],
    ["images that all seeds share decide, 3 seeds", 3, { training: 0.001, own: 0.002, shared: 0.1 }],
    ["images that each seed has for itself decide, 3 seeds", 3, { training: 0.001, own: 0.1, shared: 0 }],
    ["trainings differ most, 8 seeds", 8, { training: 0.1, own: 0.001, shared: 0.001 }],
    ["images that all seeds share decide, 8 seeds", 8, { training: 0.001, own: 0.002, shared: 0.1 }],
  ])("that chance alone makes are found in about one case of twenty: %s", (_, n, deviation) => {
    const share = shareOut(300, n, deviation);
    expect(share).toBeLessThan(0.075);
    expect(share).toBeGreaterThan(0.015);
  });
});

describe("a p value that no number of resamples shows", () => {
  const ofOne = (first: number): Float64Array =>
    Float64Array.from(random.derive(`one/${first}`).normals(0, 1000), (z) => first + 0.01 * z);

  it("is that of the standard error, and marked; one that they show is theirs", () => {
    const zeros = new Float64Array(1000);
    const far = differenceInterval(0.07, ofOne(0.07), zeros, 500);
    expect(far.beyond).toBe(true);
    expect(far.p).toBeLessThan(1e-9);
    expect(far.p).toBeGreaterThan(1e-14);
    const near = differenceInterval(0.02, ofOne(0.02), zeros, 500);
    expect(near.beyond).toBeUndefined();
    expect(near.p).toBeGreaterThanOrEqual(4 / 1001);
  });

  it("is no smaller than what so few images can show", () => {
    const [ones, zeros] = [new Float64Array(1000).fill(1), new Float64Array(1000)];
    expect(differenceInterval(1, ones, zeros, 12).p).toBe(2 ** -11);
    expect(differenceInterval(1, ones, zeros, 5).p).toBe(2 / 1001);
    expect(differenceInterval(0, zeros, zeros, 12).p).toBe(1);
  });

  it("survives the correction for a family of thirteen detectors on near and far sets", () => {
    const detectors = Array.from({ length: 13 }, (_, k) => `d${k}`);
    const scores = (model: string, shift: number): ModelScores => {
      const set = (name: string, group: "test" | "near" | "far", by: number) => ({
        name,
        group,
        ids: Array.from({ length: 40 }, (_, i) => `${name}/${i}`),
        labels: new Int32Array(40),
        predictions: new Int32Array(40),
        confidence: Object.fromEntries(
          detectors.map((id, k) => [
            id,
            Float64Array.from({ length: 40 }, (_, i) => ((i + k) % 40) / 40 + by),
          ]),
        ),
      });
      return {
        model,
        seed: 0,
        detectors,
        sets: [set("test", "test", shift), set("tin", "near", 0), set("mnist", "far", 0)],
      };
    };
    const found = compareModels(scores("perfect", 2), scores("chance", 0), {
      metrics: ["auroc"],
      resamples: 200,
    });
    expect(found).toHaveLength(26);
    for (const { difference, adjustedP } of found) {
      expect(difference).toBeCloseTo(0.5, 12);
      expect(adjustedP).toBeLessThan(0.05);
    }
    expect(differenceTable(found)).toContain("<0.001*");
    expect(differenceTable(found)).toContain("p is that of their standard error");
  });
});
