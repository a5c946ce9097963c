/** Banks cut to what a model file holds. */
import { detectors, memoryRows, Random, type FittedDetector } from "oal-core";
import { expect, it } from "vitest";
import { withFittingBank } from "./fittingBank.js";

const knn: FittedDetector = {
  detector: detectors.find("knn"),
  parameters: { neighbours: 10 },
  fitted: { tensors: {}, bank: memoryRows(new Random(1, "bank").normals(0, 100 * 5), 5) },
};

it("a larger one is drawn from, with a rank that shrinks with it, and told", () => {
  const { fitted, warnings } = withFittingBank(knn, 1000);
  expect([fitted.detector.id, fitted.detector.title]).toEqual(["knn", "k nearest neighbours, bank sampled"]);
  expect([fitted.fitted.bank?.count, fitted.parameters]).toEqual([50, { neighbours: 5 }]);
  expect(warnings).toEqual([
    "knn: its rows of 100 training pictures take 0.002 MB, and a model file holds 0.001 MB: 50 of them, drawn at random, are measured and held",
  ]);
});

it("one that fits stays, and so does a detector without one", () => {
  expect(withFittingBank(knn, 2000)).toEqual({ fitted: knn, warnings: [] });
  expect(withFittingBank(knn).fitted).toBe(knn);
  const msp = { detector: detectors.find("msp"), parameters: {}, fitted: { tensors: {}, bank: null } };
  expect(withFittingBank(msp, 1).fitted).toBe(msp);
});
