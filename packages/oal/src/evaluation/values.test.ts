/** Numbers of an evaluation and of its tables that must be those of the metrics, on outputs of four images. */
import {
  aurc,
  auroc,
  defineDetector,
  detectors,
  holm,
  makeDecision,
  memoryRows,
  oscr,
  reduceMax,
  sqrt,
  type MetricVector,
  type PerMetric,
} from "oal-core";
import { describe, expect, it } from "vitest";
import {
  compareModels,
  differenceTable,
  evaluate,
  outputsInMemory,
  resultTable,
  type EvaluationResult,
  type ModelScores,
  type OutputSet,
  type SetGroup,
} from "./index.js";
import { predictions } from "./outputs.js";
import { scoreSets } from "./score.js";
import { testEngine } from "../testing/engine.js";

/** Outputs with logits in two classes. */
function set(name: string, group: SetGroup, labels: readonly number[], logits: readonly number[]): OutputSet {
  const ids = labels.map((_, i) => `${name}/${i}`);
  const flat = { logits: Float32Array.from(logits), features: Float32Array.from(labels) };
  return outputsInMemory({ name, group, labels: Int32Array.from(labels), ids, ...flat }, sizes);
}

const sizes = { classes: 2, featureSize: 1 };

// Largest logits 3, 2, 1, 4 of which the second and the fourth belong to the wrong class.
const sets = [
  set("val", "validation", [0, 1, 0, 1], [2, 0, 0, 5, 1, 0, 0, 3]),
  set("test", "test", [0, 1, 1, 1], [3, 0, 2, 0, 0, 1, 4, 0]),
  set("far", "far", [0, 0], [1.5, 0, 0.5, 0]),
];

describe("an evaluation", () => {
  it("orders by confidence what is right and wrong", async () => {
    const { result } = await evaluate(testEngine, "m", 0, sets, { detectors: ["mls"], resamples: 0 });
    const [mls] = result.detectors;
    const [confidence, right] = [
      [3, 2, 1, 4],
      [1, 0, 1, 0],
    ];
    expect(result.idAccuracy).toBe(0.5);
    expect(mls?.aurc).toEqual(
      aurc(
        confidence,
        right.map((value) => 1 - value),
      ),
    );
    expect(mls?.aurc.aurc).toBeGreaterThan(0.5); // the surest are wrong
    expect(mls?.sets[0]?.oscr).toBe(oscr(confidence, right, [1.5, 0.5]));
    expect(mls?.sets[0]?.metrics.auroc).toBe(auroc(confidence, [1.5, 0.5]));
    expect(mls?.decision).toEqual(makeDecision([2, 5, 1, 3], { detector: "mls" }));
  });

  it("keeps the share of validation images it is asked to keep", async () => {
    const { result } = await evaluate(testEngine, "m", 0, sets, {
      detectors: ["mls"],
      resamples: 0,
      keep: 0.5,
    });
    expect(result.detectors[0]?.decision).toMatchObject({
      target: 0.5,
      kept: 0.75, // 3 of 4: one picture more, drawn alike, is kept with a probability of 3 in 5
      count: 4,
      cuts: { unknown: 2 },
    });
  });

  it("has a second cut where one is asked for, and cuts by predicted class", async () => {
    const of = async (options: object): Promise<unknown> => {
      const { result } = await evaluate(testEngine, "m", 0, sets, {
        detectors: ["mls"],
        resamples: 0,
        ...options,
      });
      return result.detectors[0]?.decision;
    };
    expect(await of({ keep: 0.5, ask: 0.25 })).toMatchObject({ cuts: { unknown: 2, ask: 3 } });
    // of {1, 2} and of {3, 5}: two pictures keep their share where both are kept
    const perClass = [{ unknown: 1 }, { unknown: 3 }];
    expect(await of({ keep: 0.5, perClass: true })).toMatchObject({ cuts: { unknown: 2 }, perClass });
    await expect(of({ keep: 0.5, ask: 0.6 })).rejects.toMatchObject({ code: "OAL-E211" });
  });

  it("takes the first of equal logits as the prediction", () => {
    expect([...predictions(memoryRows(Float32Array.of(1, 1, 0, 0, 2, 2, -1, -2, -1), 3))]).toEqual([0, 1, 0]);
  });
});

const vector = (of: number): MetricVector => ({
  auroc: of,
  fpr95: 1 - of,
  auprIn: of,
  auprOut: of,
  fpr95Id: 1 - of,
});
const around = (of: number): PerMetric<[number, number]> => ({
  auroc: [of - 0.01, of + 0.02],
  fpr95: [0.97 - of, 1.03 - of],
  auprIn: [0, 1],
  auprOut: [0, 1],
  fpr95Id: [0, 1],
});

describe("tables", () => {
  const result = (seed: number, near: number, idAccuracy: number): EvaluationResult => ({
    model: "oal",
    seed,
    idCount: 10,
    idAccuracy,
    calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
    detectors: [
      {
        id: "ebo",
        parameters: {},
        sets: [],
        near: { metrics: vector(near), interval: around(near) },
        far: null,
        nullTest: null,
        aurc: { aurc: 0, excess: 0 },
        decision: null,
      },
    ],
    bootstrap: { seed: 0, resamples: 10 },
    warnings: [],
  });
  const cells = (table: string): string[] =>
    (table.split("\n").at(-2) ?? "")
      .split("│")
      .map((cell) => cell.trim())
      .filter((cell) => cell !== "");

  it("print percent with their interval for one seed", () => {
    expect(cells(resultTable([result(0, 0.875, 0.9)]))).toEqual([
      "oal",
      "ebo",
      "90.00",
      "87.50 [86.50, 89.50]",
      "12.50 [9.50, 15.50]",
    ]);
  });

  it("print mean and deviation over seeds", () => {
    expect(cells(resultTable([result(0, 0.8, 0.9), result(1, 0.9, 0.8)]))).toEqual([
      "oal",
      "ebo",
      "85.00 ± 5.00",
      "85.00 ± 5.00",
      "15.00 ± 5.00",
    ]);
  });

  it("print differences in points", () => {
    const difference = {
      first: "oal",
      second: "ce",
      detector: "ebo",
      on: "near",
      metric: "auroc",
      difference: 0.0125,
      interval: [-0.005, 0.03],
      p: 0.0004,
      adjustedP: 0.25,
    } as const;
    expect(cells(differenceTable([difference]))).toEqual([
      "oal - ce",
      "ebo",
      "near",
      "AUROC",
      "1.25 [-0.50, 3.00]",
      "<0.001",
      "0.250",
    ]);
  });
});

describe("a comparison", () => {
  const scores = (model: string, shift: number): ModelScores => {
    const spread = (count: number, by: number): number[] =>
      Array.from({ length: count }, (_, i) => ((i * 7) % count) / count + by);
    const one = (name: string, group: SetGroup, count: number, by: number) => ({
      name,
      group,
      ids: Array.from({ length: count }, (_, i) => `${name}/${i}`),
      labels: new Int32Array(count),
      predictions: new Int32Array(count),
      confidence: { a: spread(count, by), b: spread(count, by / 2) },
    });
    return {
      model,
      seed: 0,
      detectors: ["a", "b"],
      sets: [
        one("test", "test", 40, 0.2 + shift),
        one("tin", "near", 30, 0.1),
        one("mnist", "far", 30, -0.1),
      ],
    };
  };

  it("adjusts p values among the detectors and means of one metric", () => {
    const differences = compareModels(scores("x", 0.1), scores("y", 0), { resamples: 200, seed: 1 });
    expect(differences).toHaveLength(2 * 2 * 2);
    for (const metric of ["auroc", "fpr95"]) {
      const family = differences.filter((item) => item.metric === metric);
      expect(family.map((item) => item.adjustedP)).toEqual(holm(family.map((item) => item.p)));
    }
    const all = holm(differences.map((item) => item.p));
    expect(differences.map((item) => item.adjustedP)).not.toEqual(all);
    const first = differences.find((item) => item.metric === "auroc" && item.on === "near");
    expect(first?.difference).toBeGreaterThan(0);
    expect(first?.interval[1]).toBeGreaterThan(0);
  });
});

it("images of sets that may lack a score stay without one, those of others do not", async () => {
  detectors.register(
    defineDetector({
      id: "test-root",
      title: "root",
      source: "this test",
      formula: "the root of the largest logit",
      needs: ["logits"],
      parameters: {},
      score: (_graph, { logits }) => sqrt(reduceMax(logits, [1])),
    }),
  );
  const two = (name: string): OutputSet =>
    outputsInMemory(
      {
        name,
        group: "test",
        labels: new Int32Array(2),
        ids: ["a", "b"],
        logits: Float32Array.of(4, -4),
        features: new Float32Array(2),
      },
      { classes: 1, featureSize: 1 },
    );
  const root = { detector: detectors.find("test-root"), parameters: {}, fitted: { tensors: {}, bank: null } };
  const mayLack = new Set(["drawn"]);
  const [scores] = await scoreSets(root, [two("drawn")], { engine: testEngine, mayLack });
  expect(scores).toEqual(Float32Array.of(2, NaN));
  const both = scoreSets(root, [two("drawn"), two("known")], { engine: testEngine, mayLack });
  await expect(both).rejects.toMatchObject({ code: "OAL-E295", details: { set: "known", image: "b" } });
});
