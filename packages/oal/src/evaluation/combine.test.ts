/** A combination of detectors: ranks, the choice on validation images alone, and one graph that gives the measured scores. */
import { combinationId, Graph, meanRank, Random, rankCurve } from "oal-core";
import { describe, expect, it } from "vitest";
import { runOnce, testEngine } from "../testing/engine.js";
import { chooseMembers, combinationSentence } from "./combine.js";
import { evaluate, outputsInMemory, type OutputSet, type SetGroup } from "./index.js";
import { scoreSets } from "./score.js";

const random = new Random(8, "combination");
const normals = (step: number, count: number, shift: number): Float32Array =>
  random.normals(step, count).map((z) => z + shift);

async function rankedBy(known: Float32Array, scores: readonly number[]): Promise<number[]> {
  const graph = new Graph();
  const input = graph.input("s", { dtype: "float32", shape: [scores.length] });
  graph.output("rank", meanRank([input], [rankCurve(known)]));
  const { rank } = await runOnce(graph, {
    s: { dtype: "float32", shape: [scores.length], data: Float32Array.from(scores) },
  });
  return Array.from(rank?.data ?? [], Number);
}

describe("ranks", () => {
  it("are the shares of known images below, in between by a line, and go on below the least", async () => {
    const found = await rankedBy(Float32Array.of(1, 2, 2, 3, Infinity), [
      3,
      2,
      1,
      1.5,
      9,
      0,
      -1e9,
      -Infinity,
    ]);
    // the middles of their places among four: 1/8, 1/2, 7/8; half of a tail (2 - 1) below the least is 1/2 less
    const expected = [0.875, 0.5, 0.125, 0.3125, 0.875, -0.375, -0.875, -0.875];
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 6));
    expect(await rankedBy(Float32Array.of(2, 2), [2, 3, 1])).toEqual([
      0.5,
      0.5,
      expect.closeTo(0.5 - 1 / 3, 6),
    ]);
  });

  it("of scores that are all but equal are numbers", async () => {
    const known = Float32Array.of(0, 1e-40, 2e-40, 1, 2);
    const ranks = await rankedBy(known, [0, 1e-40, 0.5, 2, -1]);
    expect(ranks.every(Number.isFinite)).toBe(true);
    expect(ranks).toEqual(
      ranks
        .toSorted((a, b) => a - b)
        .slice(1)
        .concat(ranks[4] ?? NaN),
    );
    expect((await rankedBy(Float32Array.of(1, 1 + 1e-40), [1, 0])).every(Number.isFinite)).toBe(true);
  });

  it("keep the order of many scores", async () => {
    const scores = Array.from(normals(0, 2000, 0)).sort((a, b) => a - b);
    const ranks = await rankedBy(normals(1, 3000, 0), scores);
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(ranks[1000]).toBeCloseTo(0.5, 1);
  });
});

describe("the choice", () => {
  const known = { a: normals(2, 300, 0), b: normals(3, 300, 0), none: normals(4, 300, 0) };
  const near = { a: normals(5, 200, -2), b: normals(6, 200, 0), none: normals(7, 200, 0) };
  const far = { a: normals(8, 200, 0), b: normals(9, 200, -2), none: normals(10, 200, 0) };
  const trial = { known, unknown: [[near], [far]] };

  it("takes what sees other unknowns, and leaves what sees none", () => {
    const choice = chooseMembers(["none", "a", "b"], [trial]);
    expect(choice.steps.map(({ detector }) => detector).toSorted()).toEqual(["a", "b"]);
    expect(choice.steps[1]?.auroc).toBeGreaterThan((choice.steps[0]?.auroc ?? 1) + 0.02);
    expect(choice.refused?.detector).toBe("none");
    expect(combinationSentence(choice)).toMatch(
      /^combination: the mean rank of [ab] \(\d\d\.\d\d %\), then [ab] \(\d\d\.\d\d %\), by validation AUROC over near and far; none beside them would make it/,
    );
  });

  it("takes the first of equal ones, and one alone where no other helps", () => {
    const alike = { known: { a: known.a, twin: known.a }, unknown: [[{ a: near.a, twin: near.a }]] };
    expect(chooseMembers(["a", "twin"], [alike]).steps.map(({ detector }) => detector)).toEqual(["a"]);
  });
});

describe("an evaluation with a combination", () => {
  const [classes, featureSize] = [3, 5];
  const set = (name: string, group: SetGroup, count: number, shift: number, step: number): OutputSet => ({
    ...outputsInMemory(
      {
        name,
        group,
        labels: Int32Array.from({ length: count }, (_, i) => i % classes),
        ids: Array.from({ length: count }, (_, i) => `${name}/${i}`),
        logits: random
          .normals(step, count * classes)
          .map((z, k) => z + (Math.floor(k / classes) % classes === k % classes ? 3 - shift : 0)),
        features: random.normals(step + 1, count * featureSize).map((z) => z + shift),
      },
      { classes, featureSize },
    ),
  });
  const sets = [
    set("train", "train", 90, 0, 20),
    set("val", "validation", 60, 0, 22),
    set("choose", "validation-near", 40, 1, 24),
    set("test", "test", 50, 0, 26),
    set("far", "far", 40, 2, 28),
  ];
  const options = { detectors: ["msp", "knn", "mds"], resamples: 0, combine: true };

  it("measures it as one more, whose graph gives the scores that were measured", async () => {
    const { result, scores, fitted } = await evaluate(testEngine, "m", 0, sets, options);
    expect(result.detectors.at(-1)?.id).toBe(combinationId);
    const members = result.combination?.steps.map(({ detector }) => detector) ?? [];
    expect(members.length).toBeGreaterThan(0);
    expect(result.detectors.at(-1)?.parameters).toEqual({ members: members.join(", ") });
    const own = fitted.at(-1);
    if (!own) throw new Error("nothing fitted");
    const tested = sets.filter(({ group }) => group === "test" || group === "far");
    const again = await scoreSets(own, tested, { engine: testEngine });
    tested.forEach(({ name }, k) => {
      const measured = scores.sets.find((each) => each.name === name)?.confidence[combinationId] ?? [];
      again[k]?.forEach((value, i) => expect(value).toBeCloseTo(measured[i] ?? NaN, 5));
    });
  });

  it("does not depend on the test", async () => {
    const other = [...sets.slice(0, 3), set("test", "test", 30, 1, 40), set("far", "far", 30, 0, 42)];
    const [first, second] = [
      await evaluate(testEngine, "m", 0, sets, options),
      await evaluate(testEngine, "m", 0, other, options),
    ];
    expect(second.result.combination).toEqual(first.result.combination);
  });

  it("is not made without unknown validation images, and that is said", async () => {
    const known = sets.filter(({ group }) => group !== "validation-near");
    const { result } = await evaluate(testEngine, "m", 0, known, options);
    expect(result.combination).toBeUndefined();
    expect(result.warnings).toContain(
      "no combination of detectors was made: choosing one needs known and unknown validation images",
    );
  });
});
