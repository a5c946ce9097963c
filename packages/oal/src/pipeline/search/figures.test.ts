import { isOalError } from "oal-core";
import { describe, expect, it } from "vitest";
import type { DetectorResult, EvaluationResult } from "../../evaluation/result.js";
import { loadConfiguration } from "../configuration/index.js";
import type { Candidate } from "./candidates.js";
import { secondsLeft } from "./cost.js";
import { figuresOfCandidates, overSeeds, type CandidateFigures } from "./figures.js";
import { asGiven, ranked, roundsOf, survivorCount, survivors } from "./halving.js";

const config = { ...loadConfiguration("embedded"), methods: ["oal"] };
const candidate = (number: number): Candidate => ({
  number,
  values: { "kd.temperature": `${number}` },
  config,
});

function detector(id: string, near: number, far: number): DetectorResult {
  const summary = (auroc: number) => ({
    metrics: { auroc, auprIn: 0, auprOut: 0, fpr95: 0, fpr95Id: 0 },
    interval: null,
  });
  return {
    id,
    parameters: {},
    sets: [],
    near: summary(near),
    far: summary(far),
    nullTest: null,
    aurc: { aurc: 0, excess: 0 },
    decision: null,
  };
}

function result(seed: number, accuracy: number, detectors: readonly DetectorResult[]): EvaluationResult {
  return {
    model: "oal",
    seed,
    idCount: 10,
    idAccuracy: accuracy,
    calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
    detectors,
    bootstrap: { seed: 0, resamples: 0 },
    warnings: ["detector knn: the bank is too small; it is left out"],
  };
}

describe("figures", () => {
  it("are means over seeds with standard errors, and differences paired by seed", () => {
    expect(overSeeds([3])).toEqual({ mean: 3, error: null });
    // deviation of 1, 2, 6 is sqrt(7), of the mean sqrt(7/3)
    expect(overSeeds([1, 2, 6])).toEqual({ mean: 3, error: Math.sqrt(7 / 3) });
    const trained = [
      {
        candidate: candidate(1),
        results: [result(4, 0.9, [detector("ebo", 0.7, 0.8)]), result(5, 0.8, [detector("ebo", 0.5, 0.6)])],
      },
      {
        candidate: candidate(2),
        results: [
          result(4, 0.91, [detector("ebo", 0.72, 0.9)]),
          result(5, 0.81, [detector("ebo", 0.52, 0.6)]),
        ],
      },
    ];
    const [first, second] = figuresOfCandidates(trained, ["ebo"]);
    expect(first?.seeds).toEqual([4, 5]);
    expect(first?.figures.near.mean).toBeCloseTo(0.6, 12);
    expect(first?.figures.near.error).toBeCloseTo(0.1, 12);
    expect(first?.figures.mean.mean).toBeCloseTo((0.75 + 0.55) / 2, 12);
    expect(first?.minusFirst.mean).toEqual({ mean: 0, error: 0 });
    // however far the seeds lie apart, the difference is the same for both
    expect(second?.minusFirst.near.mean).toBeCloseTo(0.02, 12);
    expect(second?.minusFirst.near.error).toBeCloseTo(0, 12);
    expect(second?.minusFirst.far.mean).toBeCloseTo(0.05, 12);
    expect(second?.minusFirst.far.error).toBeCloseTo(0.05, 12);
    expect(second?.minusFirst.accuracy.mean).toBeCloseTo(0.01, 12);
  });

  it("are means over the detectors that are named, and refuse one that was left out", () => {
    const results = [result(0, 1, [detector("ebo", 0.7, 0.8), detector("msp", 0.5, 1)])];
    const [only] = figuresOfCandidates([{ candidate: candidate(1), results }], ["ebo", "msp"]);
    expect([only?.figures.near.mean, only?.figures.far.mean]).toEqual([0.6, 0.9]);
    let thrown: unknown;
    try {
      figuresOfCandidates([{ candidate: candidate(1), results }], ["ebo", "knn"]);
    } catch (error) {
      thrown = error;
    }
    if (!isOalError(thrown, "OAL-E277")) throw thrown;
    expect(thrown.details).toMatchObject({ detector: "knn", model: "oal" });
    expect(thrown.message).toContain("bank is too small");
  });
});

describe("halving", () => {
  const reached = (number: number, near: number, far: number): CandidateFigures => {
    const results = [result(0, 0.9, [detector("ebo", near, far)])];
    const [figures] = figuresOfCandidates([{ candidate: candidate(number), results }], ["ebo"]);
    if (!figures) throw new Error("no figures");
    return figures;
  };

  it("lets one in so many go on, two at least, and what was given always", () => {
    const halving = { epochs: [2, 5, 10], keepOneIn: 3 };
    expect([3, 7, 8, 28].map((count) => survivorCount(count, halving))).toEqual([2, 2, 3, 9]);
    const all = [
      reached(1, 0.1, 0.1),
      reached(2, 0.9, 0.2),
      reached(3, 0.5, 0.9),
      reached(4, 0.6, 0.8),
      reached(5, 0.2, 0.3),
    ];
    expect(survivors(all, "mean", halving)).toEqual([asGiven, 3, 4]);
    expect(survivors(all, "near", halving)).toEqual([asGiven, 2, 4]);
    // nor is there one that could not be trained
    expect(survivors(all.slice(1), "mean", halving)).toEqual([3, 4]);
    // the earlier of equals
    expect(ranked(all, "mean").map(({ number }) => number)).toEqual([3, 4, 2, 5, 1]);
  });

  it("trains one seed, and all of them in the last round", () => {
    const halving = { epochs: [2, 5, 10], keepOneIn: 3 };
    expect(roundsOf(loadConfiguration("embedded", { set: ["seed=7"] }), 3, halving)).toEqual([
      { epochs: 2, seeds: { studentSeeds: [7] } },
      { epochs: 5, seeds: { studentSeeds: [7] } },
      { epochs: 10, seeds: { studentSeeds: [7, 8, 9] } },
    ]);
    const whole = loadConfiguration("embedded", { set: ["seeds=[3, 1]"] });
    expect(roundsOf(whole, 3, { epochs: [4, 6], keepOneIn: 2 })).toEqual([
      { epochs: 4, seeds: { seeds: [3] } },
      { epochs: 6, seeds: { seeds: [3, 1] } },
    ]);
    const students = loadConfiguration("embedded", { set: ["studentSeeds=[0, 4]"] });
    expect(roundsOf(students, 3, undefined)).toEqual([{ epochs: null, seeds: { studentSeeds: [0, 4] } }]);
  });
});

it("a search expects of what is left what training has taken here, and nothing of what the store has", () => {
  // of ten students six were found; one of the four others took 30 seconds
  expect(secondsLeft(30, 1, 3)).toBe(90);
  expect(secondsLeft(120, 4, 0)).toBe(0);
  expect(secondsLeft(5, 0, 4)).toBe(0);
});
