/** What the report puts first: chosen by validation OOD, never by test data; means and spreads over seeds. */
import { describe, expect, it } from "vitest";
import {
  detectorRuns,
  firstSeedNote,
  headlineDetector,
  overSeeds,
  resultColumns,
  seedCount,
  summaryAt,
} from "./choice.js";
import { uncertainty } from "./sections/overview.js";
import { emptyReport } from "../../../../test/report/emptyReport.js";
import type { DetectorResult, MeasuredMetrics, ReportInput, ReportResult } from "./input.js";

const measured = (auroc: number): MeasuredMetrics => ({
  metrics: { auroc, fpr95: 1 - auroc, auprIn: 0, auprOut: 0, fpr95Id: 0 },
  interval: {
    auroc: [auroc - 0.1, auroc + 0.1],
    fpr95: [0, 1],
    auprIn: [0, 1],
    auprOut: [0, 1],
    fpr95Id: [0, 1],
  },
});

/** A detector that has these AUROCs on validation, near and far OOD. */
const detector = (id: string, validation: number | null, near: number, far: number): DetectorResult => ({
  id,
  sets: [
    ...(validation === null
      ? []
      : [{ name: "tune", group: "validation" as const, count: 5, ...measured(validation) }]),
    { name: "tin", group: "near", count: 7, ...measured(near) },
    { name: "mnist", group: "far", count: 9, ...measured(far) },
  ],
  near: measured(near),
  far: measured(far),
});
const result = (model: string, seed: number, ...detectors: DetectorResult[]): ReportResult => ({
  model,
  seed,
  idAccuracy: 0.9,
  calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
  detectors,
});
const input = (results: readonly ReportResult[], more: Partial<ReportInput> = {}): ReportInput =>
  emptyReport({ results, ...more });

describe("the detector shown first", () => {
  // "a" is best on the test sets, "b" on validation OOD, over both models together.
  const results = [
    result(
      "ce",
      0,
      detector("a", 0.6, 0.99, 0.99),
      detector("b", 0.7, 0.5, 0.5),
      detector("c", 0.9, 0.4, 0.4),
    ),
    result(
      "oal",
      0,
      detector("a", 0.6, 0.99, 0.99),
      detector("b", 0.9, 0.5, 0.5),
      detector("c", 0.5, 0.4, 0.4),
    ),
  ];

  it("is the best on validation OOD", () => {
    expect(headlineDetector(input(results))).toEqual({
      id: "b",
      reason: expect.stringContaining("validation OOD"),
    });
  });

  it("is the one that the run names, or the first where nothing may choose", () => {
    const headline = { detector: "c", reason: "asked for" };
    expect(headlineDetector(input(results, { headline }))).toEqual({ id: "c", reason: "asked for" });
    const blind = [result("ce", 0, detector("a", null, 0.1, 0.1), detector("b", null, 0.9, 0.9))];
    expect(headlineDetector(input(blind))?.id).toBe("a");
    expect(headlineDetector(input([]))).toBeUndefined();
  });
});

describe("figures over seeds", () => {
  it("are mean and population deviation, with an interval for a single seed only", () => {
    const of = (...values: (number | null)[]) =>
      overSeeds(
        values.map((value) => (value === null ? null : measured(value))),
        "auroc",
      );
    expect(of(0.8, 0.9, null)).toEqual({
      mean: expect.closeTo(0.85, 12),
      spread: expect.closeTo(0.05, 12),
      seeds: 2,
      of: 3,
      interval: undefined,
    });
    expect(of(0.8)).toEqual({
      mean: 0.8,
      spread: 0,
      seeds: 1,
      of: 1,
      interval: [expect.closeTo(0.7, 12), 0.9],
    });
    expect(of(null)).toBeUndefined();
  });

  it("are of one model and detector, and as many as there are seeds", () => {
    const results = [
      result("ce", 0, detector("a", 0.1, 0.2, 0.3)),
      result("ce", 1, detector("a", 0.1, 0.4, 0.3)),
      result("oal", 0, detector("a", 0.1, 0.6, 0.3), detector("b", 0.1, 0.8, 0.3)),
    ];
    const near = (model: string, id: string): (number | undefined)[] =>
      detectorRuns(results, model, id).map((run) => run.near?.metrics.auroc);
    expect([near("ce", "a"), near("oal", "b"), near("ce", "b")]).toEqual([[0.2, 0.4], [0.8], []]);
    expect(seedCount(input(results))).toBe(2);
  });

  it("have the interval of the mean over seeds and images where there are several", () => {
    const results = [
      result("ce", 0, detector("a", 0.1, 0.2, 0.3)),
      result("ce", 1, detector("a", 0.1, 0.4, 0.3)),
    ];
    const row = { model: "ce", detector: "a", on: "near", metric: "auroc" } as const;
    const overSeeds = [
      { ...row, values: [0.2, 0.4], mean: 0.3, deviation: 0.1, interval: [0.15, 0.45] as const },
    ];
    const summary = summaryAt(input(results, { overSeeds }), row);
    expect(summary).toMatchObject({ mean: expect.closeTo(0.3, 12), interval: [0.15, 0.45] });
    expect(summary && uncertainty(summary)).toBe("± 10.0, 15.0–45.0");
    const seeds = { vary: "students" as const, seeds: [4, 5] };
    expect(firstSeedNote(input(results, { seeds }))).toBe(" Shown for the first of 2 seeds, 4.");
    expect(firstSeedNote(input(results))).toBe("");
  });

  it("say how many seeds they are of where a seed lacks the detector", () => {
    const results = [0, 1, 2].map((seed) =>
      result("ce", seed, ...(seed === 1 ? [] : [detector("a", 0.1, 0.2 + seed, 0.3)])),
    );
    const summary = summaryAt(input(results), { model: "ce", detector: "a", on: "near", metric: "auroc" });
    expect(summary && uncertainty(summary)).toBe("± 100.0, 2 of 3 seeds");
  });
});

describe("columns of results", () => {
  it("are means, then near, far and validation sets, each with its own numbers", () => {
    const run = detector("a", 0.1, 0.2, 0.3);
    const columns = resultColumns([result("ce", 0, run)]);
    const at = (on: string): number | undefined =>
      summaryAt(input([result("ce", 0, run)]), { model: "ce", detector: "a", on, metric: "auroc" })?.mean;
    expect(columns.map(({ title, isMean, on }) => [title, isMean, at(on)])).toEqual([
      ["Near mean", true, 0.2],
      ["Far mean", true, 0.3],
      ["tin", false, 0.2],
      ["mnist", false, 0.3],
      ["tune", false, 0.1],
    ]);
  });
});
