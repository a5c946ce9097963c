/** What settings are chosen by: known validation images against near and far unknown ones, and nothing of the test. */
import { auroc, defineDetector, detectors, isOalError, mul, Random, real, reduceMax } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { evaluate, evaluateOnValidation, outputsInMemory, type OutputSet, type SetGroup } from "./index.js";

const classes = 3;

/** Outputs that are the surer of a class the larger `skill` is. */
function outputs(name: string, group: SetGroup, count: number, skill: number): OutputSet {
  const random = new Random(5, name);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const logits = random.normals(0, count * classes);
  labels.forEach((label, i) => (logits[i * classes + label] = (logits[i * classes + label] ?? 0) + skill));
  const ids = Array.from({ length: count }, (_, i) => `${name}/${i}`);
  const features = random.normals(1, count * 4);
  return outputsInMemory({ name, group, labels, ids, logits, features }, { classes, featureSize: 4 });
}

const choosing = [
  outputs("train", "train", 90, 4),
  outputs("val", "validation", 60, 4),
  outputs("glyphs", "validation-near", 40, 1),
  outputs("omniglot", "validation-far", 50, 0),
  outputs("fashion", "validation-far", 900, 0.5),
];
const ofTest = [outputs("test", "test", 80, 4), outputs("tin", "near", 30, 1), outputs("svhn", "far", 30, 0)];
const options = { detectors: ["mls", "knn"], resamples: 0 };

describe("an evaluation on validation images", () => {
  it("has near and far means over the unknown validation sets, and needs no set of the test", async () => {
    const whole = await evaluate(testEngine, "oal", 0, [...choosing, ...ofTest], options);
    const alone = await evaluateOnValidation(testEngine, "oal", 0, choosing, options);
    expect(alone).toEqual(whole.validation?.result);
    const [mls] = alone.detectors;
    expect(mls?.sets.map(({ name, group }) => [name, group])).toEqual([
      ["glyphs", "near"],
      ["omniglot", "far"],
      ["fashion", "far"],
    ]);
    const scores = new Map(
      whole.validation?.scores.sets.map((set) => [set.name, set.confidence["mls"] ?? []]),
    );
    const against = (name: string): number => auroc(scores.get("val") ?? [], scores.get(name) ?? []);
    expect(mls?.near?.metrics.auroc).toBeCloseTo(against("glyphs"), 12);
    expect(mls?.far?.metrics.auroc).toBeCloseTo((against("omniglot") + against("fashion")) / 2, 12);
    expect(alone.idCount).toBe(60);
    // what may choose is never in the test's own table
    const measured = whole.result.detectors.flatMap(({ sets }) => sets.map(({ name }) => name));
    expect([...new Set(measured)]).toEqual(["tin", "svhn"]);
  });

  it("refuses a set of the test, and the lack of known or unknown images", async () => {
    const failure = (sets: readonly OutputSet[]): Promise<unknown> =>
      evaluateOnValidation(testEngine, "oal", 0, sets, options).catch((error: unknown) => error);
    for (const set of ofTest) {
      const error = await failure([...choosing, set]);
      if (!isOalError(error, "OAL-X101")) throw error;
      expect(error.message).toContain(set.name);
    }
    const unknown = await failure(choosing.slice(0, 2));
    if (!isOalError(unknown, "OAL-E102")) throw unknown;
    expect(unknown.details.side).toBe("OOD");
    const known = await failure(choosing.filter(({ group }) => group !== "validation"));
    if (!isOalError(known, "OAL-E102")) throw known;
    expect(known.details.side).toBe("ID");
  });
});

it("a search of parameters weighs near and far the same, however many images and sets they have", async () => {
  // at sign 1 far images are told apart and near ones are not; at -1 the other way round
  detectors.register(
    defineDetector({
      id: "test-signed",
      title: "signed",
      source: "this test",
      formula: "sign * max",
      needs: ["logits"],
      parameters: {
        sign: real({ min: -2, max: 2, default: 1, search: [1, -1], description: "sign", reason: "both" }),
      },
      score: (_graph, { logits }, { sign }) => mul(reduceMax(logits, [1]), sign),
    }),
  );
  const logits = (value: number, count: number): Float32Array => {
    const rows = new Float32Array(count * classes);
    for (let i = 0; i < count; i++) rows[i * classes] = value + i / (1000 * count);
    return rows;
  };
  const set = (name: string, group: SetGroup, value: number, count: number): OutputSet =>
    outputsInMemory(
      {
        name,
        group,
        labels: new Int32Array(count),
        ids: Array.from({ length: count }, (_, i) => `${name}/${i}`),
        logits: logits(value, count),
        features: new Float32Array(count * 2),
      },
      { classes, featureSize: 2 },
    );
  const sets = [
    set("train", "train", 5, 10),
    set("val", "validation", 5, 10),
    set("test", "test", 5, 10),
    // near: three of four told apart at -1; far: all told apart at 1
    ...[6, 6, 6, 4].map((value, i) => set(`near${i}`, "validation-near", value, 500)),
    set("far", "validation-far", 4, 10),
    set("svhn", "far", 4, 10),
  ];
  const { result } = await evaluate(testEngine, "m", 0, sets, {
    detectors: ["test-signed"],
    resamples: 0,
    search: true,
  });
  const aurocs = result.detectors[0]?.search?.candidates.map((candidate) => candidate.auroc);
  expect(aurocs?.[0]).toBeCloseTo((1 / 4 + 1) / 2, 12);
  expect(aurocs?.[1]).toBeCloseTo((3 / 4 + 0) / 2, 12);
  expect(result.detectors[0]?.parameters).toEqual({ sign: 1 });
});
