import { expect, it } from "vitest";
import { makeDecision, type Decision } from "oal-core";
import { memoryImageSet } from "../../data/imageSet.js";
import type { ModelScores, SetScores } from "../../evaluation/result.js";
import { measuredInput } from "../reportParts.js";
import { loadConfiguration } from "../configuration/index.js";
import type { ReportInput } from "../../report/input.js";
import { mistakesSection } from "../../report/sections/pictures.js";
import { thresholdSection } from "../../report/sections/scores.js";
import { mistakesOf } from "./reportPictures.js";

const setOf = (name: string, count: number, labels: readonly number[]) => ({
  folder: "",
  set: memoryImageSet(name, new Uint8Array(12 * count), labels, ["ant", "bee"]),
});
const test = setOf("id", 3, [0, 1, 1]);
const unknown = setOf("far", 2, [-1, -1]);
const data = {
  test,
  ood: [{ ...unknown, name: "far", group: "far" as const }],
  classNames: ["ant", "bee"],
};

const scoresOf = (set: SetScores["name"], group: SetScores["group"], ebo: readonly number[]): SetScores => ({
  name: set,
  group,
  ids: ebo.map((_, i) => `${set}/${i}.jpg`),
  labels: group === "test" ? test.set.labels : new Int32Array(ebo.length).fill(-1),
  predictions: new Int32Array(ebo.length),
  confidence: { ebo },
});
const model: ModelScores = {
  model: "oal",
  seed: 0,
  detectors: ["ebo"],
  sets: [
    scoresOf("id-validation", "validation", [0]),
    scoresOf("id", "test", [5, 1, 2]),
    scoresOf("far", "far", [2, 1.9]),
  ],
};

const cutAt = (unknown: number, ...perClass: readonly number[]): Decision => ({
  ...makeDecision([unknown], { detector: "ebo" }),
  cuts: { unknown },
  ...(perClass.length === 0 ? {} : { perClass: perClass.map((cut) => ({ unknown: cut })) }),
});

it("a known image is a mistake only below the threshold, an unknown one only from it on, each with its name", async () => {
  const { mistakes, counts } = await mistakesOf(model, cutAt(2), data);
  expect(mistakes.map(({ kind, id, label, prediction }) => [kind, id, label, prediction])).toEqual([
    ["id-rejected", "id/1.jpg", "bee", "ant"],
    ["ood-accepted", "far/0.jpg", undefined, "ant"],
  ]);
  expect(counts).toEqual({
    model: "oal",
    detector: "ebo",
    threshold: 2,
    rejected: { count: 1, of: 3 },
    accepted: { count: 1, of: 2 },
  });
  const { mistakes: none } = await mistakesOf(model, cutAt(1), data);
  expect(none.filter(({ kind }) => kind === "id-rejected")).toEqual([]);
});

it("where every class has a cut of its own, the report counts by it as the model decides, and says so", async () => {
  // class 0 is cut at 4, class 1 at 1; cuts.unknown would call all of them known
  const decision = cutAt(0, 4, 1);
  const of = (set: SetScores, predictions: readonly number[]): SetScores => ({
    ...set,
    predictions: Int32Array.from(predictions),
  });
  const scored: ModelScores = {
    ...model,
    sets: [of(scoresOf("id", "test", [5, 1, 2]), [0, 1, 0]), of(scoresOf("far", "far", [2, 1.9]), [0, 1])],
  };
  const { mistakes, counts } = await mistakesOf(scored, decision, data);
  expect(mistakes.map(({ kind, id }) => [kind, id])).toEqual([
    ["id-rejected", "id/2.jpg"],
    ["ood-accepted", "far/1.jpg"],
  ]);
  expect(counts).toMatchObject({ perClass: [1, 4], rejected: { count: 1 }, accepted: { count: 1 } });
  const config = loadConfiguration(undefined, { set: ["methods=[oal]", "evaluation.scoreDetector=ebo"] });
  const measured = measuredInput(config, {
    results: [
      {
        model: "oal",
        seed: 0,
        idCount: 3,
        idAccuracy: 1,
        calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
        bootstrap: { seed: 0, resamples: 0 },
        warnings: [],
        detectors: [
          {
            id: "ebo",
            parameters: {},
            sets: [],
            near: null,
            far: null,
            nullTest: null,
            aurc: { aurc: 0, excess: 0 },
            decision,
          },
        ],
      },
    ],
    overSeeds: [],
    differences: [],
    scored: [scored],
  });
  expect(measured.thresholds).toMatchObject([
    { perClass: [1, 4], idTestAccepted: 2 / 3, oodAccepted: { far: 0.5 } },
  ]);
  const input: ReportInput = {
    ...measured,
    environment: { versions: {}, hardware: {}, seconds: {} },
    classNames: data.classNames,
    curves: [],
    samples: [],
    features: [],
    mistakes,
    mistakesOf: counts,
    leftOut: [],
    audit: [],
  };
  expect(String(thresholdSection(input)?.content)).toContain("<td>1 to 4</td>");
  expect(String(thresholdSection(input)?.content)).toContain("every predicted class has a cut of its own");
  expect(String(mistakesSection(input)?.content)).toContain("the threshold of the class it is taken for");
});
