import { expect, it } from "vitest";
import { emptyReport } from "../../../../../test/report/emptyReport.js";
import type { ReportResult } from "../input.js";
import { calibrationSection } from "./results.js";

const result = (model: string, accuracies?: ReportResult["accuracies"]): ReportResult => ({
  model,
  seed: 0,
  idAccuracy: 0.8125,
  ...(accuracies ? { accuracies } : {}),
  calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
  detectors: [],
});

const page = (...results: ReportResult[]): string =>
  String(calibrationSection(emptyReport({ results })).content);
const parts = (text: string): string[] =>
  [...text.matchAll(/<th scope="col"[^>]*>(training|validation|test)<\/th>/g)].map(([, word = ""]) => word);
const cells = (text: string): string[] =>
  [...text.matchAll(/<td[^>]*>\s*(\S+)\s*<\/td>/g)].map(([, value = ""]) => value);

it("has the accuracy of training, validation and test images, means over seeds", () => {
  const text = page(
    result("ce", { train: 0.95, validation: 0.83, test: 0.8125 }),
    { ...result("ce", { train: 0.97, validation: 0.85, test: 0.8125 }), seed: 1 },
    result("kd"),
  );
  expect(parts(text)).toEqual(["training", "validation", "test"]);
  expect(cells(text).slice(0, 3)).toEqual(["96.00", "84.00", "81.25"]);
  // results of an earlier version beside those of this one
  expect(cells(text).slice(7, 10)).toEqual(["–", "–", "81.25"]);
  expect(text).toContain("Of training and validation images the accuracy alone");
});

it("has that of test images alone where no result has another", () => {
  const text = page(result("ce"));
  expect(parts(text)).toEqual([]);
  expect(cells(text)[0]).toBe("81.25");
  expect(text).toContain("Known test images only");
});
