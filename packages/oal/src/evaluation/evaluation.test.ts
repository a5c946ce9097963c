/** Evaluation end to end on small made-up outputs: numbers, files, tables, comparisons and every error path. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accuracy, delongTest, detectionMetrics, memoryRows, Random, type ScorePair } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { zipBytes } from "../testing/archives.js";
import {
  compareModels,
  differenceTable,
  evaluate,
  outputsInMemory,
  readScoreArchive,
  readScores,
  resultCsv,
  resultJson,
  resultTable,
  scoreFileName,
  writeScores,
  type ModelScores,
  type OutputSet,
  type SetGroup,
} from "./index.js";
import { resultsFromJson } from "./resultForm.js";
import { parseCsv } from "./scoreFiles.js";
import { testEngine } from "../testing/engine.js";

const folder = await mkdtemp(join(tmpdir(), "oal-evaluation-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const classes = 3;

/** Outputs of a model that is `skill` sure on ID images and unsure on OOD ones. */
function outputs(name: string, group: SetGroup, count: number, skill: number): OutputSet {
  const random = new Random(11, name);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const logits = random.normals(0, count * classes);
  const features = random.normals(1, count * 4);
  labels.forEach((label, i) => {
    logits[i * classes + label] = (logits[i * classes + label] ?? 0) + skill;
    features[i * 4 + label] = (features[i * 4 + label] ?? 0) + 2 * skill;
  });
  const ids = Array.from({ length: count }, (_, i) => `${name}/${i}, "x".png`);
  return outputsInMemory({ name, group, labels, ids, logits, features }, { classes, featureSize: 4 });
}

function model(skill: number): OutputSet[] {
  return [
    outputs("train", "train", 90, skill),
    outputs("val", "validation", 60, skill),
    outputs("test", "test", 300, skill), // more rows than one batch of the score session
    outputs("tin", "near", 50, 0.4),
    outputs("cats", "near", 30, 0.2),
    outputs("mnist", "far", 40, 0),
  ];
}

const options = { resamples: 100 };
const good = await evaluate(testEngine, "oal", 0, model(4), options);
const bad = await evaluate(testEngine, "ce", 0, model(1), options);

describe("evaluate", () => {
  it("computes the metrics of its own scores", () => {
    const { result, scores } = good;
    const test = scores.sets.find((set) => set.name === "test");
    expect(result.idAccuracy).toBe(accuracy(test?.predictions ?? [], test?.labels ?? []));
    const right = ({ labels, logits }: OutputSet): number => {
      const rows = logits.read(0, labels.length);
      const own = (i: number): number[] => Array.from(rows.subarray(i * classes, (i + 1) * classes));
      const found = Array.from(labels.keys(), (i) => own(i).indexOf(Math.max(...own(i))));
      return found.filter((label, i) => label === labels[i]).length / labels.length;
    };
    const [train = NaN, validation = NaN] = model(4).slice(0, 2).map(right);
    expect(result.accuracies).toEqual({ train, validation, test: result.idAccuracy });
    expect(resultsFromJson(resultJson([result]))[0]?.accuracies).toEqual(result.accuracies);
    expect(result.detectors.map((detector) => detector.id)).toEqual(["msp", "mls", "ebo", "knn"]);
    for (const detector of result.detectors) {
      expect(detector.sets.map((set) => [set.name, set.group, set.count])).toEqual([
        ["tin", "near", 50],
        ["cats", "near", 30],
        ["mnist", "far", 40],
      ]);
      for (const set of detector.sets) {
        const ood = scores.sets.find((other) => other.name === set.name);
        expect(set.metrics).toEqual(
          detectionMetrics(test?.confidence[detector.id] ?? [], ood?.confidence[detector.id] ?? []),
        );
        expect(set.interval?.auroc[0]).toBeLessThanOrEqual(set.metrics.auroc);
        expect(set.interval?.auroc[1]).toBeGreaterThanOrEqual(set.metrics.auroc);
        expect(set.oscr).toBeLessThanOrEqual(result.idAccuracy);
        expect(Array.from(ood?.labels ?? [])).toEqual(Array.from({ length: set.count }, () => -1));
      }
      const [tin, cats, mnist] = detector.sets;
      expect(detector.near?.metrics.auroc).toBeCloseTo(
        ((tin?.metrics.auroc ?? 0) + (cats?.metrics.auroc ?? 0)) / 2,
        12,
      );
      expect(detector.far?.metrics).toEqual(mnist?.metrics);
      expect(detector.far?.interval).toEqual(mnist?.interval);
      expect(detector.nullTest?.interval?.[0]).toBeLessThan(0.5);
      expect(detector.nullTest?.interval?.[1]).toBeGreaterThan(0.5);
      expect(Math.abs((detector.nullTest?.auroc ?? 0) - 0.5)).toBeLessThan(0.15);
    }
    expect(result.warnings).toEqual([
      "knn: neighbours is 3 instead of 50, because the smallest class has 30 images to fit on",
    ]);
    expect(result.detectors[3]?.parameters).toEqual({ neighbours: 3 });
    expect(result.bootstrap).toEqual({ seed: 0, resamples: 100 });
  });

  it("has no intervals without resamples, and prints none", async () => {
    const { result } = await evaluate(testEngine, "oal", 0, model(4), { resamples: 0 });
    for (const [i, detector] of result.detectors.entries()) {
      expect(detector.nullTest?.interval).toBeNull();
      for (const summary of [...detector.sets, detector.near, detector.far])
        expect(summary?.interval).toBeNull();
      expect(detector.near?.metrics).toEqual(good.result.detectors[i]?.near?.metrics);
    }
    expect(resultTable([result])).not.toMatch(/\[|NaN/);
    const line = parseCsv(resultCsv([result])).find((cells) => cells[2] === "ebo" && cells[3] === "far");
    expect(line?.slice(8)).toEqual(["", "", "", ""]);
  });

  it("takes a given K as it is", async () => {
    const { result } = await evaluate(testEngine, "m", 0, model(4), {
      ...options,
      detectors: [{ id: "knn", parameters: { neighbours: 50 } }],
    });
    expect(result.warnings).toEqual([]);
    expect(result.detectors[0]?.parameters).toEqual({ neighbours: 50 });
  });

  it("leaves out a detector it cannot fit, with a warning", async () => {
    const { result } = await evaluate(testEngine, "m", 0, model(2).slice(1), options);
    expect(result.detectors.map((detector) => detector.id)).toEqual(["msp", "mls", "ebo"]);
    expect(result.warnings[0]).toContain("knn needs features of the ID train images");
    await expect(
      evaluate(testEngine, "m", 0, model(2).slice(1), { ...options, detectors: ["knn"] }),
    ).rejects.toThrow("knn needs");
  });

  it("leaves out a detector that gives an image no number, naming both, and goes on with the others", async () => {
    const width = model(2).find((set) => set.name === "tin")?.features.width ?? 1;
    const sets = model(2).map((set) => {
      const numbers = set.features.read(0, set.features.count).slice();
      if (set.name === "tin") numbers[4 * width] = NaN;
      return { ...set, features: memoryRows(numbers, width) };
    });
    const image = sets.find((set) => set.name === "tin")?.ids[4] ?? "";
    const detectors = ["msp", "gradnorm"];
    const { result } = await evaluate(testEngine, "m", 0, sets, { ...options, detectors });
    expect(result.detectors.map(({ id }) => id)).toEqual(["msp"]);
    expect(result.warnings.at(-1)).toContain(`gradnorm: its score of ${image} (set tin) is NaN`);
    await expect(
      evaluate(testEngine, "m", 0, sets, { ...options, detectors: ["gradnorm"] }),
    ).rejects.toMatchObject({ code: "OAL-E295" });
  });

  it("leaves out a detector whose parameter the data cannot meet, and goes on with the others", async () => {
    const knn = { id: "knn", parameters: { neighbours: 91 } };
    const detectors = ["msp", "mls", "ebo", knn];
    const { result } = await evaluate(testEngine, "m", 0, model(2), { ...options, detectors });
    expect(result.detectors.map((detector) => detector.id)).toEqual(["msp", "mls", "ebo"]);
    expect(result.warnings).toEqual([expect.stringMatching(/knn.*91.*90.*; it is left out$/s)]);
    const alone = evaluate(testEngine, "m", 0, model(2), { ...options, detectors: [knn] });
    await expect(alone).rejects.toMatchObject({ code: "OAL-E204" });
  });

  it("works without validation, near or far sets", async () => {
    const sets = model(2).filter((set) => ["train", "test"].includes(set.group));
    const unlabelled = sets.map((set) =>
      set.group === "train" ? { ...set, labels: new Int32Array(set.labels.length).fill(-1) } : set,
    );
    const { result } = await evaluate(testEngine, "m", 0, unlabelled, { ...options, detectors: ["energy"] });
    expect(result.accuracies).toEqual({ test: result.idAccuracy });
    const [first] = result.detectors;
    expect(first).toMatchObject({
      id: "ebo",
      sets: [],
      near: null,
      far: null,
      nullTest: null,
      decision: null,
    });
  });

  it("refuses what it cannot evaluate", async () => {
    await expect(evaluate(testEngine, "m", 0, [], options)).rejects.toThrow("no ID sample");
    await expect(
      evaluate(testEngine, "m", 0, [...model(2), outputs("mnist", "far", 3, 0)], options),
    ).rejects.toThrow("two sets");
    const short = model(2).map((set) => (set.name === "tin" ? { ...set, ids: [] } : set));
    await expect(evaluate(testEngine, "m", 0, short, options)).rejects.toThrow("set tin: 0 ids");
    const broken = model(2).map((set) =>
      set.name === "tin" ? { ...set, logits: memoryRows(new Float32Array(150).fill(NaN), classes) } : set,
    );
    await expect(evaluate(testEngine, "m", 0, broken, { ...options, detectors: ["mls"] })).rejects.toThrow(
      "is NaN",
    );
    await expect(evaluate(testEngine, "m", 0, model(2), { detectors: ["mps"] })).rejects.toThrow(
      'did you mean "msp"',
    );
    await expect(
      evaluate(testEngine, "m", 0, model(2), { detectors: [{ id: "ebo", parameters: { temperature: 0 } }] }),
    ).rejects.toThrow("temperature");
    const twice = evaluate(testEngine, "m", 0, model(2), { detectors: ["ebo", "energy"] });
    await expect(twice).rejects.toMatchObject({ code: "OAL-E243" });
  });
});

describe("compareModels", () => {
  it("finds the better model, and nothing between a model and itself", () => {
    const differences = compareModels(good.scores, bad.scores, { ...options, perSet: true });
    expect(differences).toHaveLength(4 * 2 * 5); // detectors, metrics, places
    const auroc = differences.find(
      (item) => item.detector === "ebo" && item.on === "far" && item.metric === "auroc",
    );
    expect(auroc?.difference).toBeGreaterThan(0.1);
    expect(auroc?.interval[0]).toBeGreaterThan(0);
    expect(auroc).toMatchObject({ beyond: true });
    expect(auroc?.p).toBeLessThan(2 / 101);
    expect(auroc?.adjustedP).toBeGreaterThan(auroc?.p ?? 1);
    // means and single sets are two families of tests: adding the sets leaves the adjusted p of the means as it is
    const means = compareModels(good.scores, bad.scores, options);
    expect(differences.filter(({ on }) => on === "near" || on === "far")).toEqual(means);
    for (const same of compareModels(good.scores, good.scores, options)) {
      expect(same).toMatchObject({ difference: 0, interval: [0, 0], p: 1, adjustedP: 1 });
    }
    expect(differenceTable(differences.slice(0, 1))).toContain("oal - ce");
  });

  it("tests AUROC on single sets by DeLong, where no number of resamples bounds p", () => {
    const differences = compareModels(good.scores, bad.scores, { ...options, perSet: true });
    const tested = differences.filter(({ delongP }) => delongP !== undefined);
    const sets = good.scores.sets.filter(({ group }) => group === "near" || group === "far");
    expect(tested).toHaveLength(4 * sets.length);
    for (const { metric, on, detector, delongP } of tested) {
      const pair = (scores: ModelScores): ScorePair => ({
        id: scores.sets.find(({ group }) => group === "test")?.confidence[detector] ?? [],
        ood: scores.sets.find(({ name }) => name === on)?.confidence[detector] ?? [],
      });
      expect([metric, delongP]).toEqual(["auroc", delongTest(pair(good.scores), pair(bad.scores)).p]);
    }
    expect(Math.min(...tested.map(({ delongP = 1 }) => delongP))).toBeLessThan(2 / 101);
    for (const same of compareModels(good.scores, good.scores, { ...options, perSet: true }))
      expect(same.delongP ?? 1).toBe(1);
  });

  it("refuses different images", () => {
    const [first, ...rest] = bad.scores.sets;
    if (first === undefined) throw new Error("no set");
    const renamed = { ...bad.scores, sets: [{ ...first, ids: first.ids.map((id) => `${id}!`) }, ...rest] };
    expect(() => compareModels(good.scores, renamed)).toThrow("set val, position 0");
    expect(() => compareModels(good.scores, { ...bad.scores, sets: rest })).toThrow("scores where");
  });
});

describe("tables", () => {
  it("prints intervals for one seed and spread for several", () => {
    const one = resultTable([good.result, bad.result]);
    expect(one).toMatch(/oal +│ msp +│ +\d+\.\d\d │ +\d+\.\d\d \[\d+\.\d\d, \d+\.\d\d\]/);
    const two = resultTable([good.result, { ...good.result, seed: 1 }], {
      metrics: ["auroc"],
      places: ["tin", "none"],
    });
    expect(two).toContain("± 0.00");
    expect(two).toContain("tin AUROC");
    expect(two).not.toContain("none");
  });

  it("writes every number as CSV and JSON", () => {
    const [header, ...lines] = parseCsv(resultCsv([good.result]));
    expect(header?.join()).toBe("model,seed,detector,place,group,count,metric,value,low,high,deviation,vary");
    expect(lines).toHaveLength(5 + 4 * 5 * 5);
    const line = lines.find((cells) => cells[2] === "ebo" && cells[3] === "far" && cells[6] === "auroc");
    const ebo = good.result.detectors.find((detector) => detector.id === "ebo");
    expect(Number(line?.[7])).toBe(ebo?.far?.metrics.auroc);
    expect(resultsFromJson(resultJson([good.result]))).toEqual([good.result]);
  });
});

describe("score files", () => {
  it("read back what was written", async () => {
    const paths = await writeScores("csv", join(folder, "scores"), good.scores);
    expect(paths).toHaveLength(5);
    for (const set of good.scores.sets) {
      const read = await readScores(
        join(folder, "scores", scoreFileName("oal", set.name)),
        set.name,
        set.group,
      );
      expect(read.ids).toEqual(set.ids);
      expect(read.labels).toEqual(set.labels);
      expect(read.predictions).toEqual(set.predictions);
      for (const id of good.scores.detectors) {
        expect(Array.from(read.confidence[id] ?? [])).toEqual(Array.from(set.confidence[id] ?? []));
      }
    }
  });

  it("name the line that is wrong", async () => {
    const path = join(folder, "broken.csv");
    const read = async (text: string): Promise<unknown> => {
      await writeFile(path, text);
      return readScores(path, "x", "far");
    };
    await expect(read("image,label\n")).rejects.toThrow("broken.csv:1: the header");
    await expect(read("id,label,prediction,msp\na,0,1\n")).rejects.toThrow("broken.csv:2: 3 fields");
    await expect(read("id,label,prediction,msp\na,0,1,0.5\nb,0,1,high\n")).rejects.toThrow(
      "broken.csv:3: a field",
    );
    expect(parseCsv('a,"b""c\n,d",\r\n"",e')).toEqual([
      ["a", 'b"c\n,d', ""],
      ["", "e"],
    ]);
  });
});

/** A .npy file of int64 zeros. */
function npyZeros(count: number): Buffer {
  return npyOf("<i8", new BigInt64Array(count));
}

/** A .npy file of numbers of 8 bytes. */
function npyOf(
  type: "<i8" | "<u8" | "<f8",
  { buffer, length }: BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer> | Float64Array<ArrayBuffer>,
  shape = `${length},`,
): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\0\x76\0", "latin1"),
    Buffer.from(`${header}\n`),
    Buffer.from(buffer),
  ]);
}

describe("score archives", () => {
  const path = join(folder, "made.npz");
  const members = ["conf.npy", "label.npy"].map((name) => ({ name, body: npyZeros(3) }));

  it("are read member by member; others in them do not matter", async () => {
    await writeFile(path, zipBytes([...members, { name: "other.npy", body: "no array" }]));
    expect(await readScoreArchive(path)).toEqual({
      confidence: new Float64Array(3),
      labels: new Int32Array(3),
      predictions: null,
    });
  });

  it("are refused where a class is no whole number, or an image has several scores", async () => {
    const refused = async (name: string, ...lists: readonly Buffer[]): Promise<void> => {
      for (const body of lists) {
        const own = members.filter((member) => member.name !== name);
        await writeFile(path, zipBytes([...own, { name, body }]));
        await expect(readScoreArchive(path)).rejects.toThrow(name);
      }
    };
    const none = Float64Array.of(0, NaN, 1);
    const parts = Float64Array.of(0, 1, 0.5);
    const large = BigUint64Array.of(0n, 1n, 2n ** 64n - 1n);
    const beyond = BigInt64Array.of(0n, 1n, 2n ** 31n);
    const lists = [npyOf("<f8", none), npyOf("<f8", parts), npyOf("<u8", large), npyOf("<i8", beyond)];
    await refused("label.npy", ...lists);
    await refused("pred.npy", ...lists);
    await writeFile(path, zipBytes([{ name: "conf.npy", body: npyOf("<f8", new Float64Array(6), "3, 2") }]));
    await expect(readScoreArchive(path)).rejects.toThrow("conf.npy is an array of 3 x 2 numbers");
    await writeFile(
      path,
      zipBytes([
        { name: "conf.npy", body: npyOf("<f8", none, "3, 1") },
        { name: "label.npy", body: npyOf("<f8", Float64Array.of(-1, 0, 4)) },
      ]),
    );
    expect((await readScoreArchive(path)).labels).toEqual(Int32Array.of(-1, 0, 4));
  });

  it("are refused when they expand like a bomb or are damaged, naming the member", async () => {
    await writeFile(path, zipBytes([...members, { name: "pred.npy", body: npyZeros(3), size: 2 ** 30 }]));
    await expect(readScoreArchive(path)).rejects.toThrow(
      /made\.npz.* would expand from .* to at least 1,024 MiB/,
    );
    await writeFile(path, zipBytes([...members, { name: "pred.npy", body: npyZeros(3), crc: 1 }]));
    await expect(readScoreArchive(path)).rejects.toThrow("pred.npy: its checksum does not match");
    const truncated = join(folder, "truncated.npz");
    await writeFile(truncated, zipBytes(members).subarray(0, 200));
    await expect(readScoreArchive(truncated)).rejects.toThrow("truncated.npz");
  });
});
