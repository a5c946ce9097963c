/** What `oal search` prints of points that were not trained. */
import { expect, it } from "vitest";
import type { CandidateFigures, OverSeeds } from "../../pipeline/search/figures.js";
import type { RefusedCandidate } from "../../pipeline/search/train.js";
import { searchText } from "./searchText.js";

const all = (mean: number): Record<"accuracy" | "near" | "far" | "mean", OverSeeds> => {
  const value = { mean, error: null };
  return { accuracy: value, near: value, far: value, mean: value };
};

function trained(number: number, mean: number): CandidateFigures {
  const name = `point ${number}`;
  const values = { "exposure.outliers": "phase" };
  return {
    number,
    name,
    values,
    method: "oal",
    seeds: [0],
    figures: all(mean),
    minusFirst: all(mean - 0.5),
    results: [],
  };
}

const refused: RefusedCandidate = {
  number: 1,
  name: "point 1",
  values: { "exposure.outliers": "mix" },
  method: "oal",
  code: "OAL-D181",
  reason: "student oal would learn to call pictures unknown",
};
const result = { folder: "runs/search", detectors: ["ebo"], by: "mean" } as const;

it("a table has a dash for their figures, the reason below, and compares with the first that was trained", () => {
  const round = {
    epochs: null,
    candidates: [trained(2, 0.5), trained(3, 0.75)],
    refused: [refused],
    wentOn: [],
  };
  const text = searchText({ ...result, rounds: [round], winner: null }, null);
  const lines = text.split("\n").map((line) => line.replaceAll(/[│|\s]+/g, " ").trim());
  expect(lines.filter((line) => /^[123] /.test(line))).toEqual([
    "1 point 1 - - - - -",
    "2 point 2 50.00 50.00 50.00 50.00",
    "3 point 3 75.00 75.00 75.00 75.00 +25.00",
  ]);
  expect(text).toContain("mean - #2");
  expect(text).toContain("#1 was not trained: student oal would learn to call pictures unknown (OAL-D181)\n");
});

it("a winner is not said to gain over a configuration as given that was not trained", () => {
  const round = {
    epochs: 5,
    candidates: [trained(2, 0.5), trained(3, 0.75)],
    refused: [refused],
    wentOn: [],
  };
  const winner = { number: 3, values: { "exposure.outliers": "phase" }, isAsGiven: false };
  const text = searchText({ ...result, rounds: [round], winner }, "winner.yaml");
  expect(text).toContain("winner: #3 exposure.outliers=phase\n");
  expect(text).not.toContain("over the configuration as given");
});
