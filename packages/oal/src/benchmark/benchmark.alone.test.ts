import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineDetector, detectionMetrics, detectors, reshape, type Engine } from "oal-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { readScoreArchive } from "../evaluation/scoreArchive.js";
import { colourNormalisation, coloursModel } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";
import { miniatureOpenOod } from "../testing/miniatureOpenOod.js";
import { prepareBenchmark } from "./benchmark.js";
import type { BenchmarkOptions } from "./ground.js";
import { readParameters } from "./parameters.js";
import { protocols } from "./protocols/index.js";
import type { BenchmarkResult } from "./result.js";
import { figureAt } from "./tables.js";
import { writeBenchmark, writeImageScores } from "./write.js";

const folder = mkdtempSync(join(tmpdir(), "oal-benchmark-"));
const at = (...parts: readonly string[]): string => join(folder, ...parts);
const wanted = ["train", "validation", "test", "val_tin", "cifar100", "tin", "mnist", "svhn"];
/** Images of known sets, then of unknown ones. */
const images = 3 * 18 + 5 * 12;

/** Counts the graphs that are compiled. */
let compiled = 0;
const engine: Engine = {
  ...testEngine,
  compile: (graph, options) => {
    compiled++;
    return testEngine.compile(graph, options);
  },
};

const usual: BenchmarkOptions = {
  protocol: at("protocol.yaml"),
  models: [{ name: "two", files: [at("a.onnx"), at("b.onnx")] }],
  detectors: ["msp", "knn", "react", "rankfeat"],
  resamples: 40,
  load: { normalisation: colourNormalisation },
  engine,
};

const run = async (more: Partial<BenchmarkOptions> = {}): Promise<BenchmarkResult> =>
  (await prepareBenchmark({ ...usual, ...more })).run();

beforeAll(async () => {
  vi.stubEnv("OAL_CACHE", at("cache"));
  const [openOod] = protocols;
  const sets = openOod?.sets.filter(({ name }) => wanted.includes(name)) ?? [];
  const made = await miniatureOpenOod(sets, folder, {
    side: 8,
    classes: 3,
    each: 6,
    colour: (set, label, i) => {
      const base =
        label < 0
          ? [60 + 9 * set.length, 90 + 5 * i, 200 - 8 * i]
          : [0, 1, 2].map((c) => (c === label ? 170 : 50));
      return [(base[0] ?? 0) + 4 * i, (base[1] ?? 0) + 3 * i, (base[2] ?? 0) + 2 * i];
    },
  });
  const place = (name: string): object => {
    const { path, list, count } = made.find((set) => set.name === name) ?? {};
    return { path, list, count };
  };
  const unknown = made
    .filter(({ role }) => !["train", "validation", "test"].includes(role))
    .map(({ name, role }) => ({ name, group: role, ...place(name) }));
  const own = {
    known: "colours",
    classes: 3,
    train: place("train"),
    validation: place("validation"),
    test: place("test"),
    unknown,
  };
  writeFileSync(at("protocol.yaml"), stringify(own));
  writeFileSync(at("a.onnx"), coloursModel(3));
  writeFileSync(at("b.onnx"), coloursModel(3, true));
  writeFileSync(at("two.onnx"), coloursModel(null));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("a benchmark", () => {
  let first: BenchmarkResult;

  it("goes on where it was stopped, and then knows every image", async () => {
    const stop = new AbortController();
    const stopped = run({
      signal: stop.signal,
      onProgress: (stage, done) => {
        if (stage === "images" && done > images / 2) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow("aborted");
    const { needs } = await prepareBenchmark(usual);
    expect(needs.models[1]?.known).toBe(0);
    expect(needs.models[0]?.known).toBeGreaterThanOrEqual(images / 2);
    first = await run({
      onScores: (model, seed, sets, detectors) =>
        writeImageScores(at("out"), ["npz", "parquet"], { model, seed, sets, detectors }),
    });
    expect((await prepareBenchmark(usual)).needs.models.map(({ known }) => known)).toEqual([images, images]);
  });

  it("has a row for every model and detector, with what its scores come to", async () => {
    expect(first.rows.map(({ model, detector, seeds }) => [model, detector, seeds])).toEqual([
      ["two", "msp", [0, 1]],
      ["two", "knn", [0, 1]],
      ["two", "react", [0, 1]],
    ]);
    const scores = (set: string): Promise<ArrayLike<number>> =>
      readScoreArchive(at("out", "scores", "npz", "two-s0-knn", `${set}.npz`)).then(
        (read) => read.confidence,
      );
    const row = first.rows.find(({ detector }) => detector === "knn");
    const sets = ["cifar100", "tin"] as const;
    const aurocs = await Promise.all(
      sets.map(async (set) => detectionMetrics(await scores("colours"), await scores(set)).auroc),
    );
    const expected = aurocs.map((auroc) => auroc ?? NaN);
    expect(row && sets.map((set) => figureAt(row, set, "auroc")?.values[0])).toEqual(expected);
    expect(row && figureAt(row, "near", "auroc")?.values[0]).toBeCloseTo(
      ((expected[0] ?? 0) + (expected[1] ?? 0)) / 2,
      12,
    );
    expect(first.sets.map(({ images: count }) => count)).toEqual([18, 18, 18, 12, 12, 12, 12, 12]);
  });

  it("says which detector a model cannot serve, and why", () => {
    expect(first.leftOut.map(({ model, detector }) => [model, detector])).toEqual([
      ["two", "rankfeat"],
      ["two", "rankfeat"],
    ]);
    expect(first.leftOut[0]?.reason).toContain("maps");
    expect(first.warnings.join("\n")).toMatch(
      /two, seed 1.*: an accuracy of 33\.3 % with 3 classes is that of guessing/,
    );
  });

  it("is made again without a single graph where nothing changed, and the same where something was damaged", async () => {
    compiled = 0;
    const known = await run();
    // every file is tried on drawn pictures when it is opened, before the run and in it
    expect(compiled).toBe(2 * 2);
    expect(known).toEqual(first);
    const rows = at("cache", "benchmark", "outputs");
    const [damaged = ""] = readdirSync(rows);
    truncateSync(join(rows, damaged, "features.f32"), 40);
    const scores = at("cache", "benchmark", "scores");
    for (const name of readdirSync(scores)) writeFileSync(join(scores, name, "scores.f32"), "");
    expect(await run()).toEqual(first);
  });

  it("searches as published, keeps what was chosen, and takes it back", async () => {
    const react = first.rows.find(({ detector }) => detector === "react");
    expect(react?.searches.map((search) => search?.candidates.length)).toEqual([4, 4]);
    await writeBenchmark(at("out"), first, "2026-01-01T00:00:00Z");
    const given = await run({ parameters: readParameters(at("out", "parameters.json")) });
    const figures = ({ rows }: BenchmarkResult): unknown =>
      rows.map(({ places, parameters }) => [places, parameters]);
    expect(figures(given)).toEqual(figures(first));
    expect(given.rows.flatMap(({ searches }) => searches)).toEqual(Array.from({ length: 6 }, () => null));
    await expect(run({ parameters: { other: {} } })).rejects.toThrow(
      'none for the model "two"; it has other',
    );
  });

  it("leaves tables in every form and OpenOOD's files", () => {
    expect(readdirSync(at("out")).sort()).toEqual([
      "figures.csv",
      "leaderboard.csv",
      "openood",
      "parameters.json",
      "report.html",
      "results.json",
      "scores",
      "table.md",
      "table.tex",
    ]);
    const csv = readFileSync(at("out", "openood", "two", "msp.csv"), "utf8").split("\n");
    expect(csv[0]).toBe(",FPR@95,AUROC,AUPR_IN,AUPR_OUT,ACC");
    expect(csv.slice(1, 7).map((line) => line.split(",")[0])).toEqual([
      "cifar100",
      "tin",
      "nearood",
      "mnist",
      "svhn",
      "farood",
    ]);
    expect(csv[1]).toMatch(/^cifar100(,\d+\.\d\d ± \d+\.\d\d){5}$/);
    expect(readdirSync(at("out", "scores", "parquet"))).toHaveLength(2 * 7);
  });
});

describe("a detector that looks at the pictures inside the model", () => {
  it("is given them once more, and its scores are kept like others", async () => {
    const models = [{ name: "one", files: [at("a.onnx")] }];
    const asked = { models, detectors: ["odin"], search: false, resamples: 0 };
    const { needs } = await prepareBenchmark({ ...usual, ...asked });
    expect(needs.inside).toEqual(["odin"]);
    // nothing is fitted, so the training set is no part of it
    expect(needs.pictureBytes).toBe(3 * 8 * 8 * (images - 18));
    const stages = new Set<string>();
    const first = await run({ ...asked, onProgress: (stage) => void stages.add(stage) });
    expect(first.rows.map(({ detector }) => detector)).toEqual(["odin"]);
    expect(stages.has("pictures")).toBe(true);
    stages.clear();
    expect(await run({ ...asked, onProgress: (stage) => void stages.add(stage) })).toEqual(first);
    expect(stages.has("pictures")).toBe(false);
  });
});

describe("a detector whose own graph cannot be made", () => {
  it("is left out with what was refused, and ends nothing", async () => {
    detectors.register(
      defineDetector({
        id: "broken",
        title: "a view of another size",
        needs: ["logits"],
        source: "nobody",
        formula: "none",
        parameters: {},
        score: (_graph, { logits }) => reshape(logits, [7]),
      }),
    );
    const { rows, leftOut } = await run({ detectors: ["broken", "msp"], search: false, resamples: 0 });
    expect(rows.map(({ detector }) => detector)).toEqual(["msp"]);
    expect(leftOut[0]).toMatchObject({ detector: "broken", reason: expect.stringContaining("Reshape") });
  });
});

describe("what cannot be measured is refused before anything is computed", () => {
  it("a model of other classes", async () => {
    const models = [{ name: "pair", files: [at("two.onnx")] }];
    await expect(prepareBenchmark({ ...usual, models })).rejects.toThrow(
      /^pair \(.*two\.onnx\) tells 2 classes apart, and the protocol has 3/,
    );
  });

  it("sets that are not whole, unless a part is asked for", async () => {
    rmSync(at("images_classic", "svhn", "images", "3.png"));
    await expect(prepareBenchmark(usual)).rejects.toThrow("svhn: 1 of its 12 images is not under");
    const part = await run({ partial: true, limit: 9, resamples: 0, detectors: ["msp"] });
    expect(part.sets.map(({ name, images: count }) => [name, count])).toEqual([
      ["validation", 9],
      ["test", 9],
      ["val_tin", 9],
      ["cifar100", 9],
      ["tin", 9],
      ["mnist", 9],
    ]);
    expect(part.protocol.deviations).toEqual([
      expect.stringContaining("left out: svhn: 1 of its 12 images"),
      "at most 9 images of each set: a try, not the protocol",
    ]);
    const [row] = part.rows;
    expect(row && figureAt(row, "far", "auroc")?.interval).toBeNull();
  });
});
