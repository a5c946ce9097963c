import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  aurc,
  calibrationError,
  defineDetector,
  detectionMetrics,
  detectors,
  float32Tensor,
  gemm,
  globalAveragePool,
  Graph,
  mul,
  reduceMax,
  relu,
  reshape,
  softmax,
  writeModel,
  type Engine,
} from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { benchmarkCommand } from "../cli/commands/benchmark.js";
import { judgeScores } from "../evaluation/judge.js";
import type { SetScores } from "../evaluation/result.js";
import { readScoreArchive } from "../evaluation/scoreArchive.js";
import { asideOf } from "../runtime/aside.js";
import { colourNormalisation, coloursModel } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";
import { miniatureOpenOod } from "../testing/miniatureOpenOod.js";
import { prepareBenchmark } from "./benchmark.js";
import type { BenchmarkOptions } from "./ground.js";
import { openProtocol } from "./openProtocol.js";
import { SetOutputs, type AskedModel } from "./outputs.js";
import { readParameters } from "./parameters.js";
import { protocols } from "./protocols/index.js";
import { renderBenchmark } from "./report.js";
import type { BenchmarkResult } from "./result.js";
import { accuracyWarnings } from "./scoreFile.js";
import { openSets, readyPictures } from "./sets.js";
import { figureAt } from "./forms/figures.js";
import { BenchmarkFolder } from "./write.js";

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

/** The protocol, with other values for some of its keys, in a file of its own. */
let written: Record<string, unknown> = {};
const protocolWith = (name: string, more: Readonly<Record<string, unknown>>): string => {
  writeFileSync(at(`${name}.yaml`), stringify({ ...written, ...more }));
  return at(`${name}.yaml`);
};
const one = [{ name: "one", files: [at("a.onnx")] }];

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
  written = {
    known: "colours",
    classes: 3,
    train: place("train"),
    validation: place("validation"),
    test: place("test"),
    unknown,
  };
  protocolWith("protocol", {});
  writeFileSync(at("a.onnx"), coloursModel(3));
  writeFileSync(at("b.onnx"), coloursModel(3, true));
  writeFileSync(at("two.onnx"), coloursModel(null));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** What the first benchmark came to. */
let first: BenchmarkResult;

describe("a benchmark", () => {
  let out: BenchmarkFolder;

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
    out = await BenchmarkFolder.open(at("out"), ["npz", "parquet"]);
    const left = asideOf(at("cache", "benchmark", "scratch"), 2 ** 30);
    mkdirSync(left, { recursive: true });
    first = await run({
      onScores: (model, seed, sets, detectors) => out.writeScores({ model, seed, sets, detectors }),
    });
    // what a killed process left is gone
    expect(existsSync(left)).toBe(false);
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
      /two, seed 1.*: an accuracy of 33\.3 % with 3 classes is close to guessing/,
    );
  });

  it.each([
    [0.97, 2, 0],
    [0.53, 2, 1],
    [0.3, 10, 0],
    [0.09, 1000, 1],
  ])("an accuracy of %f with %i classes is doubted %i times", (accuracy, classes, times) => {
    expect(accuracyWarnings({ testAccuracy: accuracy, validationAccuracy: null }, classes)).toHaveLength(
      times,
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

  it("keeps the training set where given parameters fit a detector on it", async () => {
    const { rows, leftOut } = await run({
      detectors: ["react"],
      parameters: { "*": { react: { variant: "paper" } } },
      search: false,
    });
    expect(leftOut).toEqual([]);
    expect(rows.map(({ detector, parameters }) => [detector, parameters[0]])).toEqual([
      ["react", { percentile: 90, variant: "paper" }],
    ]);
  });

  it("searches as published, keeps what was chosen, and takes it back", async () => {
    const react = first.rows.find(({ detector }) => detector === "react");
    expect(react?.searches.map((search) => search?.candidates.length)).toEqual([4, 4]);
    await out.finish(first, "2026-01-01T00:00:00Z");
    expect(first.searched).toBe(true);
    const given = await run({ parameters: readParameters(at("out", "parameters.json")) });
    const figures = ({ rows }: BenchmarkResult): unknown =>
      rows.map(({ places, parameters }) => [places, parameters]);
    expect(figures(given)).toEqual(figures(first));
    expect(given.rows.flatMap(({ searches }) => searches)).toEqual(Array.from({ length: 6 }, () => null));
    expect(given.searched).toBe(false);
    expect(given.warnings.join()).not.toContain("not searched");
    await expect(run({ parameters: { other: {} } })).rejects.toThrow(
      'none for the model "two"; it has other',
    );
  });

  it("says that nothing was searched where there is nothing to choose by", async () => {
    const { unknown = [] } = written;
    const measured = Array.isArray(unknown) ? unknown.slice(1) : [];
    const protocol = protocolWith("unsearched", { unknown: measured });
    const found = await run({ protocol, models: one, resamples: 0, detectors: ["msp", "react"] });
    expect(found.searched).toBe(false);
    expect(found.warnings[0]).toContain("parameters were not searched");
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
    expect(readdirSync(at("out", "scores", "parquet"))).toHaveLength(2 * 5);
    expect(readdirSync(at("out", "scores", "choosing", "parquet"))).toHaveLength(2 * 2);
  });

  it("leaves tables of scores that oal metrics judges as the benchmark did", async () => {
    const folderOf = at("out", "scores", "parquet");
    const files = readdirSync(folderOf).filter((name) => name.startsWith("two-s0-"));
    const judged = await judgeScores(
      files.map((name) => join(folderOf, name)),
      { resamples: 0, columns: ["knn"], higher: "known" },
    );
    expect(judged.known).toBe(18);
    const row = first.rows.find(({ detector }) => detector === "knn");
    const sets = judged.columns[0]?.sets ?? [];
    expect(sets).toHaveLength(4);
    for (const { name, metrics } of sets) {
      const figure = row && figureAt(row, name.replace("two-s0-", ""), "auroc");
      expect(metrics.auroc).toBe(figure?.values[0]);
    }
  });
});

describe("a full spectrum", () => {
  const setsWith = (asStored: boolean): Record<string, unknown> => ({
    shifted: [{ name: "framed", path: "framed", list: "framed.txt", asStored }],
  });
  const confidence = (sets: readonly SetScores[], ...names: readonly string[]): number[] =>
    names.flatMap((name) => Array.from(sets.find((set) => set.name === name)?.confidence["msp"] ?? []));
  /** 1 where a picture is called as it is labelled. */
  const right = (sets: readonly SetScores[], ...names: readonly string[]): number[] =>
    names.flatMap((name) => {
      const { labels = [], predictions = [] } = sets.find((set) => set.name === name) ?? {};
      return Array.from(labels, (label, i) => (label === predictions[i] ? 1 : 0));
    });
  const share = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

  /** Calls a picture by its strongest colour. */
  const strongestColour = (): Uint8Array => {
    const graph = new Graph();
    const input = graph.input("input", { dtype: "float32", shape: ["batch", 3, 8, 8] });
    const weight = graph.constant(float32Tensor([3, 3], [2, 0, 0, 0, 2, 0, 0, 0, 2]), "fc.weight");
    const logits = gemm(globalAveragePool(relu(input)), weight, null, { transB: true });
    graph.output("scores", softmax(logits, 1));
    return writeModel(graph);
  };

  /** Pictures of a class in a frame of the next class's colour, which is most of them. */
  beforeAll(async () => {
    writeFileSync(at("strongest.onnx"), strongestColour());
    const colourOf = (label: number): [number, number, number] => [
      label === 0 ? 170 : 50,
      label === 1 ? 170 : 50,
      label === 2 ? 170 : 50,
    ];
    mkdirSync(at("framed"));
    const lines = Array.from({ length: 18 }, (_, i) => `${i}.png ${Math.floor(i / 6)}`);
    writeFileSync(at("framed.txt"), `${lines.join("\n")}\n`);
    for (const i of lines.keys()) {
      const label = Math.floor(i / 6);
      const [own, frame] = [colourOf(label), colourOf((label + 1) % 3)];
      const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, k) => {
        const [x, y] = [Math.floor(k / 3) % 8, Math.floor(k / 24)];
        const isInside = Math.min(x, y) >= 2 && Math.max(x, y) < 6;
        return (isInside ? own : frame)[k % 3] ?? 0;
      });
      const raw = { width: 8, height: 8, channels: 3 } as const;
      writeFileSync(at("framed", `${i}.png`), await sharp(pixels, { raw }).png().toBuffer());
    }
  });

  it("pairs unknown images with test and shifted ones, and looks at the test images alone elsewhere", async () => {
    let sets: readonly SetScores[] = [];
    const found = await run({
      protocol: protocolWith("spectrum", setsWith(true)),
      models: [{ name: "one", files: [at("strongest.onnx")] }],
      detectors: ["msp"],
      resamples: 0,
      onScores: (_model, _seed, own) => {
        sets = own;
        return Promise.resolve();
      },
    });
    expect(found.sets.slice(0, 4).map(({ name, role }) => [name, role])).toEqual([
      ["validation", "validation"],
      ["test", "test"],
      ["framed", "shifted"],
      ["val_tin", "validation-near"],
    ]);
    const [row] = found.rows;
    const together = ["colours", "framed"] as const;
    const paired = detectionMetrics(confidence(sets, ...together), confidence(sets, "tin"));
    expect(row && figureAt(row, "tin", "auroc")?.mean).toBe(paired.auroc);
    expect(row?.aurc).toEqual([
      aurc(
        confidence(sets, ...together),
        right(sets, ...together).map((value) => 1 - value),
      ).aurc,
    ]);
    const [facts] = found.models[0]?.files ?? [];
    expect([share(right(sets, "colours")), share(right(sets, "framed"))]).toEqual([1, 0]);
    expect(facts).toMatchObject({ accuracy: 0.5, testAccuracy: 1, validationAccuracy: 1 });
    expect(facts?.calibration.ece).toBeCloseTo(
      calibrationError(confidence(sets, "colours"), right(sets, "colours")).ece,
      5,
    );
    // test and validation have the same colours
    expect(row?.nullTest?.map(({ auroc }) => auroc)).toEqual([expect.closeTo(0.5, 9)]);
    expect(found.warnings).toEqual([]);
    const page = renderBenchmark(found, "2026-01-01T00:00:00Z");
    expect(page).toContain("18 known test images and the shifted ones");
    expect(page).toContain("Accuracy, with shifted");
    expect(page).toContain("Known test (not the shifted) against known validation images");
  });

  it("has pictures that are stored at the model's size go to it as they are, where it says so", async () => {
    const rule: AskedModel["rule"] = {
      resize: 16,
      crop: 8,
      interpolation: "bilinear",
      orientation: "ignore",
      maxPixels: 1e6,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    };
    const firstRed = async (asStored: boolean): Promise<number | undefined> => {
      const opened = openProtocol(protocolWith("stored", setsWith(asStored)));
      const shifted = opened.protocol.sets.filter(({ role }) => role === "shifted");
      const [set] = await openSets(opened, shifted, undefined);
      if (!set) throw new Error("no set");
      for await (const { index, planes } of readyPictures(set, rule, (i) => i === 0))
        if (index === 0) return planes[0];
      return undefined;
    };
    // class 0 is red inside a green frame, which twice the size is cut off
    expect(await firstRed(true)).toBe(50);
    expect(await firstRed(false)).toBeGreaterThan(80);
  });
});

describe("the folder of a benchmark", () => {
  it("holds one benchmark, whatever it held before", async () => {
    const made = async (ids: readonly string[], isKilled = false): Promise<void> => {
      const own = await BenchmarkFolder.open(at("again"), ["npz"]);
      const set: SetScores = {
        name: "tin",
        group: "near",
        ids: ["a"],
        labels: Int32Array.of(-1),
        predictions: Int32Array.of(0),
        confidence: Object.fromEntries(ids.map((id) => [id, Float32Array.of(1)])),
      };
      await own.writeScores({ model: "two", seed: 0, sets: [set], detectors: ids });
      const rows = first.rows.filter(({ detector }) => ids.includes(detector));
      if (!isKilled) await own.finish({ ...first, rows }, "2026-01-01T00:00:00Z");
    };
    const files = (): string[] =>
      readdirSync(at("again"), { recursive: true, encoding: "utf8" }).filter((name) => name.includes("knn"));
    await made(["msp", "knn"], true);
    await made(["msp", "knn"]);
    expect(files()).not.toEqual([]);
    writeFileSync(at("again", "notes.txt"), "mine");
    await made(["msp"]);
    expect(files()).toEqual([]);
    expect(existsSync(at("again", "notes.txt"))).toBe(true);
  });

  it.each(["parameters.json", "results.json"])("is none that only has a file called %s", async (name) => {
    mkdirSync(at(`foreign-${name}`));
    writeFileSync(at(`foreign-${name}`, name), '{"format":1,"results":[]}');
    await expect(BenchmarkFolder.open(at(`foreign-${name}`), [])).rejects.toThrow(
      "not the folder of a benchmark",
    );
  });
});

describe("the command", () => {
  it("prints a bare table for a program, and says beside it what is to be known of it", async () => {
    const told = { stdout: "", stderr: "" };
    const streams = (["stdout", "stderr"] as const).map((name) =>
      vi.spyOn(process[name], "write").mockImplementation((text: unknown) => {
        told[name] += String(text);
        return true;
      }),
    );
    await benchmarkCommand({
      protocol: at("protocol.yaml"),
      model: [`one=${at("a.onnx")}`],
      detectors: ["msp", "rankfeat"],
      search: false,
      resamples: 0,
      out: at("command"),
      scores: [],
      format: "leaderboard",
      mean: colourNormalisation.mean,
      std: colourNormalisation.std,
      quiet: true,
    }).finally(() => streams.forEach((stream) => stream.mockRestore()));
    expect(told.stdout).toMatch(/^Training,.*\none,msp,.*\n$/);
    expect(told.stderr).toMatch(/note:.* one: rankfeat is left out: detector rankfeat needs feature maps/);
    const page = readFileSync(at("command", "table.md"), "utf8");
    expect(page).toContain("Note: one: rankfeat is left out: detector rankfeat needs feature maps");
  });
});

describe("rows that two want at once", () => {
  const side = 8;
  const rule: AskedModel["rule"] = {
    resize: side,
    crop: side,
    interpolation: "bilinear",
    orientation: "ignore",
    maxPixels: 1e6,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  let seen = 0;
  let go: () => void = () => undefined;
  /** Nothing is computed before the other one waits. */
  const isWaited = new Promise<void>((resolve) => {
    go = resolve;
  });
  const model: AskedModel = {
    key: "counted",
    rule,
    widths: { logits: 2, features: 0 },
    path: "counted.onnx",
    session: () =>
      Promise.resolve({
        inputs: [],
        outputs: [],
        run: async ({ images: given }) => {
          const count = given?.shape[0] ?? 0;
          seen += count;
          await isWaited;
          const data = Float32Array.from({ length: 2 * count }, (_, i) => i);
          return { logits: float32Tensor([count, 2], data) };
        },
        release: () => Promise.resolve(),
      }),
  };

  it("are computed by one of them, for whom the other waits", async () => {
    const opened = openProtocol(at("protocol.yaml"));
    const tin = opened.protocol.sets.filter(({ name }) => name === "tin");
    const [set] = await openSets(opened, tin, undefined);
    if (!set) throw new Error("no set");
    const owners: string[] = [];
    const found = await Promise.all(
      [1, 2].map(() =>
        new SetOutputs(at("shared"), set, model).obtain({
          onWaiting: (owner) => {
            owners.push(owner);
            go();
          },
        }),
      ),
    );
    expect(seen).toBe(12);
    expect(owners).toEqual([expect.stringContaining(`process ${process.pid} on `)]);
    expect(found[0]?.logits.read(0, 12)).toEqual(found[1]?.logits.read(0, 12));
    for (const each of found) each.close();
    await expect(new SetOutputs(at("a.onnx"), set, model).obtain()).rejects.toMatchObject({
      code: "OAL-I131",
    });
  });
});

describe("the classes that labels stand for", () => {
  it("decide which scores are kept", async () => {
    detectors.register(
      defineDetector({
        id: "firstLabel",
        title: "largest class score times the first label",
        needs: ["logits"],
        source: "nobody",
        formula: "y_1 max z",
        parameters: {},
        fit: {
          on: "train",
          needs: ["logits"],
          tensors: ["first"],
          run: async (streams) => {
            const all: number[] = [];
            for await (const { labels } of streams.batches()) all.push(...labels);
            return { first: float32Tensor([1], Float32Array.of(all[0] ?? 0)) };
          },
        },
        score: (_graph, { logits, fitted }) => mul(reduceMax(logits, [1]), fitted.first),
      }),
    );
    const aurocs = async (classNames: readonly string[]): Promise<(number | undefined)[]> => {
      const load = { normalisation: colourNormalisation, classNames };
      const { rows } = await run({ models: one, detectors: ["firstLabel"], resamples: 0, load });
      return rows.flatMap(({ places }) => places.map(({ metrics }) => metrics["auroc"]?.mean));
    };
    const inOrder = await aurocs(["0", "1", "2"]);
    expect(inOrder.every((value) => value === 0.5)).toBe(true);
    expect(await aurocs(["1", "0", "2"])).not.toEqual(inOrder);
  });
});

describe("a detector that looks at the pictures inside the model", () => {
  it("is given them once more, and its scores are kept like others", async () => {
    const asked = { models: one, detectors: ["odin"], search: false, resamples: 0 };
    const { needs } = await prepareBenchmark({ ...usual, ...asked });
    expect(needs.inside).toEqual(["odin"]);
    // nothing is fitted, so the training set is no part of it
    expect(needs.pictureBytes).toBe(3 * 8 * 8 * (images - 18));
    const stages = new Set<string>();
    const first = await run({ ...asked, onProgress: (stage) => void stages.add(stage) });
    expect(first.rows.map(({ detector }) => detector)).toEqual(["odin"]);
    expect(stages.has("pictures")).toBe(true);
    expect(stages.has("inside")).toBe(true);
    stages.clear();
    expect(await run({ ...asked, onProgress: (stage) => void stages.add(stage) })).toEqual(first);
    expect(stages.has("pictures")).toBe(false);
  });

  it("shares their pass with others that do, which tell their names, and are kept each by itself", async () => {
    const asked = { models: one, search: false, resamples: 0 };
    const passes = new Set<string>();
    const both = await run({
      ...asked,
      detectors: ["iodin", "msp", "adascale_l"],
      onProgress: (stage, _done, _total, what) => void (stage === "inside" && passes.add(what ?? "")),
    });
    expect(both.rows.map(({ detector }) => detector).sort()).toEqual(["adascale_l", "iodin", "msp"]);
    expect([...passes].filter((what) => what.includes("iodin, adascale_l"))).toHaveLength(1);
    expect([...passes].some((what) => /iodin(?!, )/.test(what))).toBe(false);
    passes.clear();
    const alone = await run({
      ...asked,
      detectors: ["iodin"],
      onProgress: (stage, _done, _total, what) => void (stage === "inside" && passes.add(what ?? "")),
    });
    expect(alone.rows[0]).toMatchObject({ detector: "iodin" });
    expect([...passes]).toEqual([]);
  });

  it("needs no image of every class: a limit may leave one out, and a list may lack one", async () => {
    const asked = { models: one, detectors: ["odin"], search: false, resamples: 0 };
    const list = readFileSync(at("benchmark_imglist", "cifar10", "test_cifar10.txt"), "utf8").split("\n");
    writeFileSync(at("lacking.txt"), list.filter((line) => !line.endsWith(" 1")).join("\n"));
    const test = { path: "images_classic", list: "lacking.txt", count: 12 };
    const lacking = await run({ ...asked, limit: 2, protocol: protocolWith("lacking", { test }) });
    expect(lacking.rows.map(({ detector }) => detector)).toEqual(["odin"]);
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

describe("the rows of a set", () => {
  it("are those of its images, whichever set named the classes first", async () => {
    const place = (name: string): string => join("images_classic", name);
    const [train, validation, test] = ["train", "validation", "test"].map(place);
    const unknown = [{ name: "tin", path: place("tin") }];
    writeFileSync(at("folders.yaml"), stringify({ train, validation, test, unknown }));
    rmSync(at("images_classic", "validation", "2"), { recursive: true });
    const opened = openProtocol(at("folders.yaml"));
    const fingerprint = async (...names: readonly string[]): Promise<string | undefined> => {
      const sets = opened.protocol.sets.filter(({ name }) => names.includes(name));
      return (await openSets(opened, sets, undefined)).find(({ set }) => set.name === "validation")
        ?.fingerprint;
    };
    expect(await fingerprint("train", "validation")).toBe(await fingerprint("validation"));
  });
});
