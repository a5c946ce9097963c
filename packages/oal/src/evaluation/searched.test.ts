/** What a search chose is told, and what is told gives the same detectors again. */
import { detectors } from "oal-core";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { askedDetectors, type DetectorChoice } from "./asked.js";
import type { DetectorResult, EvaluationResult } from "./result.js";
import { detectorsAsConfigured, searchedSentences, withoutSearch } from "./searched.js";

const found = (id: string, more: Partial<DetectorResult>): DetectorResult => ({
  id,
  parameters: {},
  sets: [],
  near: null,
  far: null,
  nullTest: null,
  aurc: { aurc: 0, excess: 0 },
  decision: null,
  ...more,
});
const usual = Object.fromEntries(
  Object.entries(detectors.find("gen").parameters).map(([name, { default: value }]) => [name, value]),
);
const own = [
  found("msp", {}),
  found("gen", {
    parameters: { ...usual, gamma: 0.5, largest: 10 },
    search: {
      candidates: [
        { parameters: { gamma: 0.1, largest: 10 }, auroc: 0.9 },
        { parameters: { gamma: 0.5, largest: 10 }, auroc: 0.925 },
        { parameters: { gamma: 0.5, largest: 50 }, auroc: 0.925 },
      ],
    },
  }),
  found("ebo", {
    parameters: { temperature: 1 },
    search: { candidates: [{ parameters: { temperature: 1 }, auroc: 0.8 }] },
  }),
  found("knn:sampled", { parameters: { neighbours: 3 } }),
];
const result = (seed: number, model = "ce"): EvaluationResult => ({
  model,
  seed,
  idCount: 0,
  idAccuracy: 0,
  calibration: { ece: 0, mce: 0, brier: 0, nll: 0 },
  detectors: own,
  bootstrap: { seed: 0, resamples: 0 },
  warnings: [],
});

it("names the chosen values beside how the others fared; a grid of one point chooses nothing", () => {
  expect(searchedSentences([result(0)])).toEqual([
    "ce, gen: gamma 0.5, largest 10, of 3 that were tried: validation AUROC 92.50 %, the others 90.00 to 92.50 %",
  ]);
  expect(searchedSentences([result(0), result(1)])[1]).toMatch(/^ce, seed 1, gen: /);
});

it("gives the detectors back as a configuration has them", () => {
  const text = detectorsAsConfigured(own);
  expect(text).toBe("[msp, { id: gen, parameters: { gamma: 0.5, largest: 10 } }, ebo]");
  const choices: DetectorChoice[] = parse(text);
  expect(askedDetectors(choices).map(({ detector: { id }, parameters }) => [id, parameters])).toEqual([
    ["msp", {}],
    ["gen", { gamma: 0.5, largest: 10 }],
    ["ebo", {}],
  ]);
});

it("gives back a chosen value that is the default too, where the default follows the data", () => {
  const few = found("knn", {
    parameters: { neighbours: 50 },
    search: {
      candidates: [
        { parameters: { neighbours: 30 }, auroc: 0.8 },
        { parameters: { neighbours: 50 }, auroc: 0.9 },
      ],
    },
  });
  // left out, it would be a tenth of the smallest class
  expect(detectorsAsConfigured([few])).toBe("[{ id: knn, parameters: { neighbours: 50 } }]");
});

describe("the run without a search", () => {
  const options = (gamma: number): string =>
    `--set evaluation.search=false --set 'evaluation.detectors=[msp, { id: gen, parameters: { gamma: ${gamma}, largest: 10 } }, ebo]'`;
  const other = own.map((each) =>
    each.id === "gen" ? { ...each, parameters: { ...each.parameters, gamma: 2 } } : each,
  );

  it("is one line for all students for which the searches chose alike", () => {
    const expected = [`the same without a search: ${options(0.5)}`];
    expect(withoutSearch([result(0)])).toEqual(expected);
    expect(withoutSearch([result(0), result(1), result(0, "oal")])).toEqual(expected);
  });

  it("is a line for each choice otherwise, which names its students", () => {
    expect(
      withoutSearch([
        result(0),
        { ...result(1), detectors: other },
        { ...result(0, "oal"), detectors: other },
      ]),
    ).toEqual([
      expect.stringContaining("one list of detectors for all its students"),
      `ce, seed 0: ${options(0.5)}`,
      `ce, seed 1; oal: ${options(2)}`,
    ]);
  });

  it("is not told where nothing was searched", () => {
    expect(withoutSearch([{ ...result(0), detectors: [found("msp", {})] }])).toEqual([]);
  });
});
