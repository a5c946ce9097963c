import { makeDecision } from "oal-core";
import { expect, it } from "vitest";
import type { Choice } from "../evaluation/choice.js";
import type { DetectorResult, EvaluationResult } from "../evaluation/result.js";
import { choicesOf } from "./choices.js";
import { loadConfiguration } from "./configuration/index.js";
import "./stages/index.js";

const detector = (id: string, more: Partial<DetectorResult> = {}): DetectorResult => ({
  id,
  parameters: {},
  sets: [],
  near: null,
  far: null,
  nullTest: null,
  aurc: { aurc: 0, excess: 0 },
  decision: makeDecision([1, 2, 3, 4], { detector: id, target: 0.5 }),
  ...more,
});

const result = (model: string, detectors: readonly DetectorResult[]): EvaluationResult => ({
  model,
  seed: 0,
  idCount: 4,
  idAccuracy: 1,
  calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
  detectors,
  bootstrap: { seed: 0, resamples: 0 },
  warnings: ["knn: neighbours is 4 instead of 50, because the smallest class has 40 images to fit on"],
});

const about = (choices: readonly Choice[], setting: string): Choice[] =>
  choices.filter((choice) => choice.setting === setting);

it("tells the user's values from the preset's, a publication's and the schema's", () => {
  const config = loadConfiguration("embedded", { set: ["student.epochs=7", "methods=[ce]"] });
  const choices = choicesOf(config, []);
  expect(about(choices, "student.epochs")).toEqual([
    { setting: "student.epochs", value: 7, chosenBy: "user" },
  ]);
  expect(about(choices, "student.learningRate")).toMatchObject([
    { value: 0.2, chosenBy: "default", how: "preset embedded" },
  ]);
  expect(about(choices, "student.weightDecay")).toEqual([
    { setting: "student.weightDecay", value: 5e-4, chosenBy: "default" },
  ]);
  // nothing of a teacher or of outliers in a run without them, and nothing that is not in force
  expect(choices.some(({ setting }) => /^(teacher|kd|boundary|exposure)\b/.test(setting))).toBe(false);
  expect(about(choices, "student.width")).toEqual([]);
  const published = choicesOf(loadConfiguration("cifar10-resnet18"), []);
  expect(about(published, "student.learningRate")).toMatchObject([{ chosenBy: "published" }]);
  expect(about(published, "teacher.learningRate")).toMatchObject([{ chosenBy: "default" }]);
});

it("derives from the results which thresholds and detector parameters validation images chose, and from what", () => {
  const searched = detector("knn", {
    parameters: { neighbours: 10 },
    search: {
      candidates: [
        { parameters: { neighbours: 50 }, auroc: 0.7 },
        { parameters: { neighbours: 10 }, auroc: 0.8 },
      ],
    },
  });
  const lowered = detector("knn", { parameters: { neighbours: 4 } });
  const usual = detector("knn", { parameters: { neighbours: 50 } });
  const of = (own: DetectorResult): readonly Choice[] =>
    choicesOf(loadConfiguration(), [result("ce", [own]), result("oal", [own])]);
  expect(about(of(searched), "knn.neighbours")).toMatchObject([
    {
      value: 10,
      chosenBy: "validation",
      models: ["ce", "oal"],
      candidates: [
        { value: 50, score: 0.7 },
        { value: 10, score: 0.8 },
      ],
    },
  ]);
  expect(about(of(lowered), "knn.neighbours")).toMatchObject([
    { value: 4, chosenBy: "default", how: expect.stringContaining("instead of 50") },
  ]);
  expect(about(of(usual), "knn.neighbours")).toEqual([
    { setting: "knn.neighbours", value: 50, chosenBy: "default", models: ["ce", "oal"] },
  ]);
  expect(about(of(usual), "threshold.knn")).toMatchObject([
    { value: 2, chosenBy: "validation", how: expect.stringContaining("0.5 of pictures like the 4 known") },
  ]);
});

it("tells what decided outliers that the diffusion model makes", () => {
  const set = ["methods=[oal]", "mi.measure=false", "exposure.outliers=sdedit", "sdedit.share=0.4"];
  const choices = choicesOf(loadConfiguration("embedded", { set }), []);
  expect(about(choices, "sdedit.share")).toMatchObject([{ value: 0.4, chosenBy: "user" }]);
  for (const setting of ["synthesis.count", "boundary.k", "denoiser.steps"])
    expect(about(choices, setting).length, setting).toBe(1);
});

it("says that validation images chose the weights where they did", () => {
  const choices = choicesOf(loadConfiguration("embedded", { set: ["student.keep=best"] }), []);
  expect(about(choices, "student weights")).toMatchObject([{ chosenBy: "validation" }]);
  expect(about(choices, "teacher weights")).toMatchObject([
    { chosenBy: "default", value: "those of the last step" },
  ]);
  const official = choicesOf(loadConfiguration("embedded", { set: ["mode=official"] }), []);
  expect(about(official, "student weights")).toMatchObject([{ chosenBy: "validation" }]);
});

it("knows a list at its default, also one that was read from a file", () => {
  const config = loadConfiguration("embedded", { set: ["methods=[ce]"] });
  const read: DetectorResult = JSON.parse(
    JSON.stringify(detector("adascale_a", { parameters: { percentiles: [75, 85] } })),
  );
  const choices = choicesOf(config, [result("ce", [read])]);
  expect(about(choices, "adascale_a.percentiles")).toEqual([
    { setting: "adascale_a.percentiles", value: [75, 85], chosenBy: "default", models: ["ce"] },
  ]);
  const other = choicesOf(config, [result("ce", [{ ...read, parameters: { percentiles: [60, 85] } }])]);
  expect(about(other, "adascale_a.percentiles")).toMatchObject([{ how: "instead of [75,85]" }]);
});
