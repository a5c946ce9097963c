import { describe, expect, it } from "vitest";
import { withRanks } from "../ranks.js";
import { renderBenchmark } from "../report.js";
import type { BenchmarkResult, BenchmarkRow, Figure, ModelFile, Place } from "../result.js";
import { legendOf, troubles } from "./figures.js";
import { latexTable } from "./latex.js";
import { markdownTable } from "./markdown.js";
import { leaderboardCsv, openOodCsv } from "./openOod.js";
import { terminalTable } from "./terminal.js";

const figure = (...values: number[]): Figure => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { values, mean, deviation, interval: [mean - 0.01, mean + 0.01] };
};

const place = (on: string, group: "near" | "far", ...aurocs: number[]): Place => ({
  on,
  group,
  metrics: {
    fpr95: figure(...aurocs.map((value) => 1 - value)),
    fpr95Id: figure(...aurocs.map((value) => 0.9 - value)),
    auroc: figure(...aurocs),
    auprIn: figure(...aurocs),
    auprOut: figure(...aurocs),
  },
});

const row = (model: string, detector: string, near: number[], far: number[]): Omit<BenchmarkRow, "rank"> => ({
  model,
  detector,
  seeds: near.map((_, k) => k),
  places: [
    place("near", "near", ...near),
    place("far", "far", ...far),
    place("tin", "near", ...near),
    place("svhn", "far", ...far),
  ],
  nullTest: null,
  aurc: [0.1],
  parameters: near.map(() => ({})),
  searches: near.map(() => null),
});

const file = (seed: number, accuracy: number): ModelFile => ({
  seed,
  path: `m${seed}.onnx`,
  sha256: "0".repeat(64),
  accuracy,
  testAccuracy: accuracy,
  validationAccuracy: accuracy,
  calibration: { ece: 0.01, mce: 0.02, brier: 0.1, nll: 0.2 },
  preprocessing: {
    resize: 32,
    crop: 32,
    interpolation: "bilinear",
    orientation: "ignore",
    maxPixels: 1e6,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  classes: 10,
  features: 512,
  notes: [],
});

const result: BenchmarkResult = {
  format: 2,
  version: "0.1.0",
  protocol: { id: "openood-v1.5/cifar10", title: "OpenOOD", known: "cifar10", notes: [], deviations: [] },
  sets: [
    { name: "test", role: "test", images: 9, sha256: null },
    { name: "tin", role: "near", images: 5, sha256: null },
    { name: "svhn", role: "far", images: 5, sha256: null },
  ],
  models: [
    { name: "a_b", files: [file(0, 0.95), file(1, 0.94)] },
    { name: "oal", files: [file(0, 0.9)] },
  ],
  rows: withRanks([
    row("a_b", "msp", [0.8, 0.82], [0.9, 0.9]),
    row("a_b", "knn", [0.905, 0.905], [0.7, 0.7]),
    row("oal", "msp", [0.9], [0.95]),
  ]),
  leftOut: [],
  searched: true,
  bootstrap: { resamples: 1000, seed: 0 },
  warnings: [],
};

describe("the table", () => {
  it("has the best near row first, its spread over seeds, interval, and shared ranks", () => {
    const lines = terminalTable(result).split("\n");
    expect(lines[1]).toContain("rank");
    expect(lines[3]).toMatch(/1-2 │ a_b +│ knn +│ 90\.50 ± 0\.00 \[89\.50, 91\.50\]/);
    expect(lines[4]).toMatch(/1-2 │ oal +│ msp +│ +90\.00 \[89\.00, 91\.00\] .* 10\.00 \| 0\.00 /);
    expect(lines[5]).toMatch(/3 │ a_b +│ msp +│ 81\.00 ± 1\.00/);
    expect(lines[5]).toContain("94.50 ± 0.50");
  });

  it("is the leaderboard's CSV, with a slash for what nobody told", () => {
    expect(leaderboardCsv(result).split("\n").slice(0, 3)).toEqual([
      "Training,Postprocessor,Near-OOD_AUROC,Far-OOD_AUROC,ID_Accuracy,Outlier_Data,Arch,Additional_Description",
      "a_b,knn,90.50 ± 0.00,70.00 ± 0.00,94.50 ± 0.50,/,/,oal 0.1.0; openood-v1.5/cifar10; 2 seeds",
      "oal,msp,90.00 ± 0.00,95.00 ± 0.00,90.00 ± 0.00,/,/,oal 0.1.0; openood-v1.5/cifar10; 1 seed",
    ]);
  });

  it("is OpenOOD's CSV of a row, near sets with their mean before far ones", () => {
    const [first] = result.rows;
    expect(first && openOodCsv(result, first)).toBe(
      [
        ",FPR@95,AUROC,AUPR_IN,AUPR_OUT,ACC",
        ...["tin", "nearood"].map(
          (name) => `${name},19.00 ± 1.00,81.00 ± 1.00,81.00 ± 1.00,81.00 ± 1.00,94.50 ± 0.50`,
        ),
        ...["svhn", "farood"].map(
          (name) => `${name},10.00 ± 0.00,90.00 ± 0.00,90.00 ± 0.00,90.00 ± 0.00,94.50 ± 0.50`,
        ),
        "",
      ].join("\n"),
    );
  });

  it("is LaTeX for booktabs: all rows of the first rank bold, the next underlined, deviations as subscripts", () => {
    const text = latexTable(result);
    expect(text).toContain(
      "a\\_b & knn & \\textbf{90.50}$_{\\pm 0.00}$ & \\textbf{9.50}$_{\\pm 0.00}$ & 70.00$_",
    );
    expect(text).toContain(
      "oal & msp & \\textbf{90.00} & \\textbf{10.00} & \\textbf{95.00} & \\textbf{5.00} &",
    );
    expect(text).toContain("a\\_b & msp & \\underline{81.00}$_{\\pm 1.00}$ & \\underline{19.00}$_");
    expect(text).toContain("94.50$_{\\pm 0.50}$ \\\\\n\\midrule\noal");
    expect(text.match(/\{/g)?.length).toBe(text.match(/\}/g)?.length);
  });

  it("has in LaTeX a legend of what stands there: no brackets, no ranks, one FPR@95", () => {
    const comment = (of: BenchmarkResult): string => latexTable(of).split("\n")[0] ?? "";
    expect(comment(result)).toContain(
      "; subscripts are standard deviations over seeds (ddof 0); bold: rank 1 of the column, ties included: the rows whose 95 % interval no other row's lies wholly above (1000 resamples of images (seed 0) and the spread of the seeds by Student's t); underlined: the best of the others; FPR@95: share of known images rejected where 95 % of the unknown ones are (OpenOOD).",
    );
    expect(comment(result)).not.toMatch(/brackets|share ranks|\||many papers/);

    const bare = (given: Figure): Figure => ({ ...given, interval: null });
    const plain: BenchmarkResult = {
      ...result,
      models: result.models.map((model) => ({ ...model, files: model.files.slice(0, 1) })),
      bootstrap: { resamples: 0, seed: 0 },
      rows: result.rows.map((given) => ({
        ...given,
        places: given.places.map((at) => ({
          ...at,
          metrics: Object.fromEntries(Object.entries(at.metrics).map(([id, value]) => [id, bare(value)])),
        })),
      })),
    };
    expect(comment(plain)).toContain(
      "over their sets; bold: the best of the column; underlined: the second; FPR@95",
    );
    expect(latexTable(plain)).toContain("knn & \\textbf{90.50}$");
    expect(latexTable(plain)).toContain("msp & \\underline{90.00} &");
  });

  it("is Markdown with a column for every set, and says what the numbers are", () => {
    const text = markdownTable(result);
    const [head = "", rule = ""] = text.split("\n");
    expect(head.split("|").length).toBe(rule.split("|").length);
    expect(head).toContain("| near FPR@95, known positive |");
    expect(text).toContain(
      "Protocol openood-v1.5/cifar10; detector parameters were searched on the validation sets, as published",
    );
  });

  it("says how its intervals were made: images are resampled, seeds are not", () => {
    const images = "brackets are 95 % intervals: 1000 resamples of images (seed 0)";
    expect(legendOf(result)).toContain(`; ${images} and the spread of the seeds by Student's t; rows whose`);
    const oneSeed = { ...result, models: result.models.slice(1) };
    expect(legendOf(oneSeed)).toContain(`; ${images}; rows whose`);
  });
});

describe("a detector that did not serve every seed", () => {
  const vim = { ...row("a_b", "vim", [0.7], [0.7]), seeds: [1] };
  const partly: BenchmarkResult = {
    ...result,
    rows: withRanks([...result.rows, vim]),
    leftOut: [
      { model: "a_b", seed: 0, detector: "vim", reason: "the features are few" },
      { model: "oal", seed: 0, detector: "vim", reason: "the features are few" },
      { model: "a_b", seed: 0, detector: "odin", reason: "no" },
      { model: "a_b", seed: 1, detector: "odin", reason: "no" },
    ],
    warnings: ["a_b, seed 1: is it so?"],
  };

  it("is marked in every table, and the seeds that it did not serve are told with the reason", () => {
    expect(troubles(partly)).toEqual([
      "seed 0 of a_b, oal: vim is left out: the features are few",
      "a_b: odin is left out: no",
      "a_b, seed 1: is it so?",
    ]);
    const mark = "vim (1 of 2 seeds)";
    expect(terminalTable(partly)).toContain(mark);
    expect(latexTable(partly)).toContain(mark);
    expect(renderBenchmark(partly, "2026-01-01T00:00:00Z")).toContain(mark);
    expect(leaderboardCsv(partly)).toMatch(/vim,.*; 1 of 2 seeds\n/);
    const page = markdownTable(partly);
    expect(page).toContain(`| ${mark} |`);
    expect(page).toContain("Note: seed 0 of a_b, oal: vim is left out: the features are few.\n");
    expect(page).toContain("Note: a_b, seed 1: is it so?\n");
    expect(latexTable(partly).split("\n")[0]).toMatch(/^% .*odin is left out: no\. Note: a_b/);
  });
});
