/** Several seeds: what a run of one seed gives stays, means and spreads are the protocol's, and differences are paired. */
import { detectionMetrics, isOalError, summarizeSeeds } from "oal-core";
import { describe, expect, it } from "vitest";
import {
  compareModels,
  compareOverSeeds,
  differenceTable,
  resultCsv,
  resultTable,
  summarizeOverSeeds,
  type EvaluationResult,
  type ModelScores,
} from "./index.js";
import { parseCsv } from "./scoreFiles.js";

const waves = (n: number, shift: number, phase: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + phase) + shift);

/** Scores of a model on 30 known and 20 unknown images. */
function scores(model: string, seed: number, shift: number): ModelScores {
  const set = (
    name: string,
    group: "test" | "near",
    confidence: Float64Array,
  ): ModelScores["sets"][number] => ({
    name,
    group,
    ids: Array.from(confidence, (_, i) => `${name}/${i}`),
    labels: new Int32Array(confidence.length).fill(group === "test" ? 0 : -1),
    predictions: new Int32Array(confidence.length),
    confidence: { ebo: confidence },
  });
  return {
    model,
    seed,
    detectors: ["ebo"],
    sets: [set("id", "test", waves(30, shift, seed)), set("letters", "near", waves(20, 0, 2 * seed))],
  };
}

const better = [0, 1, 2].map((seed) => scores("oal", seed, 0.9 + 0.1 * seed));
const worse = [0, 1, 2].map((seed) => scores("ce", seed, 0.7 + 0.1 * seed));
const options = { resamples: 400, seed: 3 };

const areaOf = ({ sets: [id, ood] }: ModelScores): number =>
  detectionMetrics(id?.confidence["ebo"] ?? [], ood?.confidence["ebo"] ?? []).auroc;

describe("over seeds", () => {
  it("mean and deviation are those of the single seeds, and the interval holds the mean", () => {
    const row = summarizeOverSeeds([better, worse], options).find(
      ({ model, on, metric }) => model === "oal" && on === "near" && metric === "auroc",
    );
    const { mean, deviation } = summarizeSeeds(better.map(areaOf));
    expect(row).toMatchObject({ mean, deviation, values: better.map(areaOf) });
    const [low, high] = row?.interval ?? [NaN, NaN];
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    // copies of one seed have that seed's interval; seeds that differ a wider one
    const width = (seeds: readonly ModelScores[]): number => {
      const found = summarizeOverSeeds([seeds], options).find((each) => each.metric === "auroc");
      const [from, to] = found?.interval ?? [NaN, NaN];
      return to - from;
    };
    const [one, other, third] = [scores("oal", 0, 0.3), scores("oal", 0, 0.9), scores("oal", 0, 1.5)];
    expect(width([other, other, other])).toBeCloseTo(width([other]), 12);
    expect(width([one, other, third])).toBeGreaterThan(1.2 * width([other]));
  });

  it("one seed gives what it gave without seeds", () => {
    const [one, other] = [scores("oal", 0, 0.9), scores("ce", 0, 0.7)];
    expect(compareOverSeeds([one], [other], options)).toEqual(compareModels(one, other, options));
    expect(compareModels(one, other, options)[0]).not.toHaveProperty("bySeed");
  });

  it("differences are paired over seeds: what a seed does to both models cancels out", () => {
    const shifted = [0, 1, 2].map((seed) => scores("oal", seed, 0.85 + 0.5 * seed));
    const base = [0, 1, 2].map((seed) => scores("ce", seed, 0.7 + 0.5 * seed));
    const found = compareOverSeeds(shifted, base, options).find(
      ({ on, metric }) => on === "near" && metric === "auroc",
    );
    const each = shifted.map((model, s) => areaOf(model) - areaOf(base[s] ?? model));
    expect(found?.bySeed).toEqual(each);
    expect(found?.difference).toBeCloseTo(summarizeSeeds(each).mean, 15);
    expect(found?.deviation).toBeCloseTo(summarizeSeeds(each).deviation, 15);
    const spread = summarizeSeeds(base.map(areaOf)).deviation;
    const [low, high] = found?.interval ?? [NaN, NaN];
    expect(high - low).toBeLessThan(spread);
    expect(found?.p).toBeLessThan(0.05);
  });

  it("three seeds of one sign are no finding where they differ as much as they show", () => {
    const gains = [0.02, 0.05, 0.4];
    const base = gains.map((_, seed) => scores("ce", seed, 0.7));
    const gained = gains.map((gain, seed) => scores("oal", seed, 0.7 + gain));
    const found = compareOverSeeds(gained, base, options).find(
      ({ on, metric }) => on === "near" && metric === "auroc",
    );
    expect(found?.bySeed?.every((difference) => difference > 0)).toBe(true);
    expect(found?.interval[0]).toBeLessThan(0);
    expect(found?.p).toBeGreaterThan(0.05);
    expect(found?.degrees).toBe(2);
  });

  it("seeds that share their images share the draws, others do not", () => {
    const rows = (images: readonly string[]): unknown =>
      summarizeOverSeeds([better], { ...options, images }).map(({ interval }) => interval);
    expect(rows(["a", "a", "a"])).toEqual(
      summarizeOverSeeds([better], options).map(({ interval }) => interval),
    );
    expect(rows(["a", "b", "c"])).not.toEqual(rows(["a", "a", "a"]));
  });

  it("different seeds cannot be paired", () => {
    const error = (() => {
      try {
        return compareOverSeeds(better, worse.slice(0, 2), options);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(isOalError(error, "OAL-E230") && error.message).toContain("0, 1");
  });
});

describe("tables of several seeds", () => {
  const result = (model: ModelScores): EvaluationResult => {
    const [id, ood] = model.sets;
    const metrics = detectionMetrics(id?.confidence["ebo"] ?? [], ood?.confidence["ebo"] ?? []);
    const summary = { metrics, interval: null };
    return {
      model: model.model,
      seed: model.seed,
      idCount: 30,
      idAccuracy: 0.9 + 0.01 * model.seed,
      calibration: { ece: 0.1, mce: 0.2, brier: 0.3, nll: 0.4 },
      detectors: [
        {
          id: "ebo",
          parameters: {},
          sets: [{ name: "letters", group: "near", count: 20, oscr: 0.5, ...summary }],
          near: summary,
          far: null,
          nullTest: null,
          aurc: { aurc: 0, excess: 0 },
          decision: null,
        },
      ],
      bootstrap: { seed: 3, resamples: 400 },
      warnings: [],
    };
  };
  const results = better.map(result);
  const overSeeds = summarizeOverSeeds([better], options);

  it("have mean, deviation and interval in one cell", () => {
    const row = overSeeds.find(({ on, metric }) => on === "near" && metric === "auroc");
    const text = summarizeSeeds(better.map((model) => 100 * areaOf(model))).text;
    const [low = 0, high = 0] = row?.interval ?? [];
    const table = resultTable(results, { overSeeds, metrics: ["auroc"] });
    expect(table).toContain(`${text} [${(100 * low).toFixed(2)}, ${(100 * high).toFixed(2)}]`);
    expect(table).toContain("91.00 ± 0.82");
    const differences = compareOverSeeds(better, worse, options);
    expect(differenceTable(differences)).toMatch(/\d+\.\d\d ± \d+\.\d\d \[/);
    const note = "3 seeds: their intervals and p values are by Student's t, 4.3 standard errors";
    expect([table, differenceTable(differences)]).toEqual([
      expect.stringContaining(note),
      expect.stringContaining(note),
    ]);
    expect(resultTable(results, { metrics: ["auroc"] })).not.toContain("Student");
  });

  it("say which seeds a detector has that others lack", () => {
    const [first, ...others] = results.slice(0, 2);
    if (first === undefined) throw new Error("no results");
    const lacking = [...others, { ...first, detectors: [] }, { ...first, seed: 2 }];
    expect(resultTable(lacking)).toContain("ebo (seeds 1, 2 only)");
    expect(resultTable(results)).not.toContain("only");
  });

  it("have every seed and then the means in CSV, and say what the seeds vary", () => {
    const seeds = { vary: "students" as const, seeds: [0, 1, 2] };
    const [header = [], ...lines] = parseCsv(resultCsv(results, { seeds, overSeeds }));
    const table = lines.map((line) => Object.fromEntries(line.map((value, k) => [header[k] ?? "", value])));
    expect(new Set(table.map((line) => line["vary"]))).toEqual(new Set(["students"]));
    const own = table.filter((line) => line["place"] === "near" && line["metric"] === "auroc");
    expect(own.map((line) => line["seed"])).toEqual(["0", "1", "2", "mean"]);
    const { mean, deviation } = summarizeSeeds(better.map(areaOf));
    expect([own[3]?.["value"], own[3]?.["deviation"]].map(Number)).toEqual([mean, deviation]);
    const accuracy = table.find((line) => line["seed"] === "mean" && line["metric"] === "idAccuracy");
    expect(Number(accuracy?.["value"])).toBeCloseTo(0.91, 12);
  });
});
