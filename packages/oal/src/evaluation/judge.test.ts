/** Score files of others: every form gives the same numbers, senses and directions are found and said, faults are named. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { parquetWriteFile } from "hyparquet-writer";
import { aurc, auroc, calibrationError, detectionMetrics, Random } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeScores, type ScoreCalibration } from "./judge.js";
import type { JudgeOptions } from "./judgedRows.js";
import { npzBytes } from "./npz.js";

const folder = mkdtempSync(join(tmpdir(), "oal-judge-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text);
  return at(name);
};

const random = new Random(4, "scores");
// Tenths, so that there are ties within and across the sides.
const tenths = (step: number, count: number, shift: number): number[] =>
  Array.from(random.normals(step, count), (z) => Math.round(10 * (z + shift)) / 10);
const known = tenths(0, 90, 1);
const unknown = tenths(1, 60, 0);
const scores = [...known, ...unknown];
const labels = scores.map((_, i) => (i < known.length ? i % 3 : -1));
const predictions = scores.map((_, i) => (i % 7 === 0 ? (i + 1) % 3 : i % 3));
const rows = scores.map((conf, i) => ({
  id: `p${i}`,
  label: labels[i] ?? 0,
  pred: predictions[i] ?? 0,
  conf,
}));
const quick = { resamples: 0 } as const;

/** A one-dimensional float64 npy file. */
function npy(values: readonly number[]): Buffer {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${values.length},), }`;
  const header = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11) + "\n";
  const start = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    header.length & 255,
    header.length >> 8,
  ]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(Float64Array.from(values).buffer)]);
}

let forms: Readonly<Record<string, readonly string[]>> = {};
beforeAll(() => {
  const csv = ["id,label,pred,conf", ...rows.map((row) => Object.values(row).join(","))].join("\r\n");
  writeFileSync(at("known.npy"), npy(known));
  writeFileSync(at("unknown.npy"), npy(unknown));
  parquetWriteFile({
    filename: at("all.parquet"),
    columnData: [
      { name: "ood", data: labels.map((label) => label < 0) },
      { name: "conf", data: scores },
    ],
  });
  forms = {
    csv: [write("all.csv", `\uFEFF${csv}\n`)],
    tsv: [write("all.tsv", csv.replaceAll(",", "\t").replace("p0", "a picture, of a cat"))],
    "UTF-16 of spreadsheets": ["le", "be"].map((order, half) => {
      const own = rows.filter((row) => row.label < 0 === (half === 1));
      const lines = ["id\tlabel\tpred\tconf", ...own.map((row) => Object.values(row).join("\t"))];
      const wide = Buffer.from(`\uFEFF${lines.join("\r\n")}`, "utf16le");
      writeFileSync(at(`wide-${order}.txt`), order === "be" ? wide.swap16() : wide);
      return at(`wide-${order}.txt`);
    }),
    "lines of JSON": [write("all.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"))],
    JSON: [write("all.json", JSON.stringify(rows))],
    parquet: [at("all.parquet")],
    "two files of numpy": [at("known.npy"), at("unknown.npy")],
  };
});

describe("every form of scores", () => {
  it.each(["csv", "tsv", "UTF-16 of spreadsheets", "lines of JSON", "JSON", "parquet", "two files of numpy"])(
    "%s",
    async (form) => {
      const found = await judgeScores(forms[form] ?? [], quick);
      expect(found.known).toBe(90);
      expect(found.columns).toHaveLength(1);
      expect(found.columns[0]).toMatchObject({ higher: "known", guessed: true });
      expect(found.columns[0]?.sets[0]?.count).toBe(60);
      expect(found.columns[0]?.mean.metrics).toEqual(detectionMetrics(known, unknown));
    },
  );

  it.each(["", "Unnamed: 0", "__index_level_0__"])(
    "the numbers of rows in a column called %j are no scores, also where tables were joined",
    async (title) => {
      const lines = rows.map(({ label, conf }, i) => `${i % 90},${label},${conf}`);
      const found = await judgeScores(
        [write("index.csv", [`${title},label,conf`, ...lines].join("\n"))],
        quick,
      );
      expect(found.columns.map(({ column }) => column)).toEqual(["conf"]);
      expect(found.columns[0]?.mean.metrics).toEqual(detectionMetrics(known, unknown));
    },
  );

  it("numpy's shorter numbers, in a column too", async () => {
    // 1, 0.5 and -2 as halves
    const halves = npy([0, 0, 0]);
    const short = Buffer.concat([
      Buffer.from(
        halves
          .subarray(0, halves.length - 24)
          .toString("latin1")
          .replace("<f8", "<f2")
          .replace("(3,)", "(3,1)")
          .replace("  ", " "),
        "latin1",
      ),
      Buffer.from(Uint16Array.of(0x3c00, 0x3800, 0xc000).buffer),
    ]);
    writeFileSync(at("short.npy"), short);
    const found = await judgeScores([], {
      ...quick,
      id: [at("known.npy")],
      ood: [at("short.npy")],
      higher: "known",
    });
    expect(found.columns[0]?.mean.metrics.auroc).toBe(auroc(known, [1, 0.5, -2]));
  });

  it.each([
    ["GZIP", zlib.gzipSync],
    ["BROTLI", zlib.brotliCompressSync],
  ] as const)("parquet packed by %s", async (codec, pack) => {
    const path = at(`${codec}.parquet`);
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: "ood", data: labels.map((label) => label < 0) },
        { name: "conf", data: scores },
      ],
      codec,
      compressors: { [codec]: (bytes: Uint8Array) => pack(bytes) },
    });
    const found = await judgeScores([path], quick);
    expect(found.columns[0]?.mean.metrics).toEqual(detectionMetrics(known, unknown));
  });

  it("parquet packed by zstd, as polars does it, where this Node.js knows it; else a sentence says what to do", async () => {
    const pack: unknown = Reflect.get(zlib, "zstdCompressSync");
    const zstd = (bytes: Uint8Array): Uint8Array => {
      const packed: unknown = typeof pack === "function" ? Reflect.apply(pack, undefined, [bytes]) : bytes;
      return packed instanceof Uint8Array ? packed : bytes;
    };
    const columnData = [
      { name: "ood", data: labels.map((label) => label < 0) },
      { name: "conf", data: scores },
    ];
    parquetWriteFile({
      filename: at("zstd.parquet"),
      columnData,
      codec: "ZSTD",
      compressors: { ZSTD: zstd },
    });
    const judged = judgeScores([at("zstd.parquet")], quick);
    if (typeof pack === "function")
      expect((await judged).columns[0]?.mean.metrics).toEqual(detectionMetrics(known, unknown));
    else await expect(judged).rejects.toThrow(/zstd.*22\.15.*write it with snappy/);
  });

  it("with a number for every row, a second column of classes, or predictions beside others: none is a score", async () => {
    const lines = scores.map((conf, i) =>
      [i, labels[i], Math.max(0, labels[i] ?? 0), predictions[i], predictions[i], conf].join(","),
    );
    const path = write("numbered.csv", ["id,label,target,pred,predicted,conf", ...lines].join("\n"));
    const found = await judgeScores([path], quick);
    expect(found.columns.map(({ column }) => column)).toEqual(["conf"]);
    expect(found.known).toBe(90);
    // two rows alone look like flags, and the labels say what they are
    const two = await judgeScores([write("two.csv", "id,label,conf\n0,-1,1\n1,3,2")], quick);
    expect(two.known).toBe(1);
    expect(two.senses[0]).toContain('by column "label"');
  });

  it("with classes and predictions also gives accuracy, AURC, OSCR and CCR", async () => {
    const found = await judgeScores(forms["csv"] ?? [], quick);
    const wrong = known.map((_, i) => (labels[i] === predictions[i] ? 0 : 1));
    expect(found.accuracy).toBeCloseTo(1 - wrong.filter(Boolean).length / 90, 12);
    expect(found.columns[0]?.aurc).toBe(aurc(known, wrong).aurc);
    expect(found.columns[0]?.excessAurc).toBe(aurc(known, wrong).excess);
    const all = [...wrong, ...unknown.map(() => 1)];
    expect(found.columns[0]?.sets[0]?.aurcAll).toBe(aurc(scores, all).aurc);
    expect(found.columns[0]?.sets[0]?.oscr).toBeLessThanOrEqual(found.accuracy ?? 0);
    expect(Object.keys(found.columns[0]?.sets[0]?.ccr ?? {})).toEqual(["0.0001", "0.001", "0.01", "0.1"]);
  });
});

describe("calibration", () => {
  const probabilities = scores.map((z) => 1 / (1 + Math.exp(-z)));
  const judged = async (
    name: string,
    values: readonly number[],
    more: JudgeOptions = {},
  ): Promise<ScoreCalibration | undefined> => {
    const lines = values.map((value, i) => [labels[i], predictions[i], value].join());
    const path = write(name, ["label,pred,conf", ...lines].join("\n"));
    return (await judgeScores([path], { ...quick, ...more })).columns[0]?.calibration;
  };

  it("is that of known rows whose scores may be probabilities of the predicted class", async () => {
    const right = known.map((_, i) => (labels[i] === predictions[i] ? 1 : 0));
    expect(await judged("probabilities.csv", probabilities)).toEqual(
      calibrationError(probabilities.slice(0, known.length), right),
    );
    // a softmax in float32
    expect(await judged("rounded.csv", probabilities.with(3, 1.0000001))).toHaveProperty("ece");
  });

  it("is said to be none of logits, of scores whose higher are unknown, and without classes", async () => {
    expect(await judged("logits.csv", scores)).toEqual({
      reason: `the scores are no probabilities, they reach from ${Math.min(...scores)} to ${Math.max(...scores)}`,
    });
    // one unknown row alone
    expect(await judged("beyond.csv", probabilities.with(-1, 1.5))).toHaveProperty("reason");
    const turned = probabilities.map((p) => 1 - p);
    expect(await judged("turned-probabilities.csv", turned)).toEqual({
      reason: "higher scores are unknown, so they are no probabilities of the predicted class",
    });
    expect(await judged("given.csv", turned, { higher: "known" })).toHaveProperty("mce");
    const { columns } = await judgeScores(forms["two files of numpy"] ?? [], quick);
    expect(columns[0]?.calibration).toEqual({
      reason: "the known rows have no classes with predictions",
    });
  });
});

describe("directions and senses", () => {
  it("say where a file that is given as known has unknown rows by its own labels, and the other way round", async () => {
    const labelled = write("labelled.csv", "label,conf\n0,3\n-1,1\n-1,2\n1,4\n2,5");
    const plain = write("plain.csv", "conf\n0\n1");
    const { senses } = await judgeScores([], { ...quick, id: [labelled], ood: [plain] });
    expect(senses[0]).toMatch(/5 known, 0 unknown rows, as given, although 2 of them are unknown by/);
    expect(senses[1]).toMatch(/0 known, 2 unknown rows, as given$/);
    const turned = await judgeScores([], { ...quick, id: [plain], ood: [labelled] });
    expect(turned.senses[1]).toMatch(/as given, although 3 of them are known by/);
  });

  it("what oal score answered is no truth", async () => {
    const lines = [
      "id,known,ask,label,confidence,pValue,score,detector,error,reason",
      "a,true,,cat,0.9,0.5,2,msp,,",
      "b,false,,cat,0.9,0.01,-2,msp,,",
    ];
    const path = write("answers.csv", lines.join("\n"));
    await expect(judgeScores([path], quick)).rejects.toThrow("does not say which rows are known");
    const found = await judgeScores([], { ...quick, id: [path], ood: [path] });
    expect(found.columns.map(({ column }) => column)).toEqual(["score"]);
    expect(found.columns[0]?.mean.metrics.auroc).toBe(0.5);
  });

  it("equal scores on a diagonal: the interval reaches the value, and the value without dropping is said", async () => {
    const values = Array.from({ length: 60 }, (_, i) => i);
    const path = write(
      "diagonal.csv",
      ["label,a", ...values.map((v) => `0,${v}`), ...values.map((v) => `-1,${v}`)].join("\n"),
    );
    const { columns } = await judgeScores([path], { resamples: 200 });
    const [only] = columns[0]?.sets ?? [];
    expect(only?.metrics.fpr95).toBe(1);
    expect(only?.tied).toEqual({ fpr95: 0.95, fpr95Id: 0.95 });
    expect(only?.interval?.fpr95[0]).toBeLessThan(0.95);
    expect(only?.interval?.fpr95[1]).toBe(1);
    const plain = await judgeScores(forms["csv"] ?? [], quick);
    expect(plain.columns[0]?.sets[0]?.tied).toBeNull();
  });

  it("turns scores of which higher is unknown, and says so; a given direction stands", async () => {
    const path = write(
      "turned.csv",
      ["known,score", ...scores.map((conf, i) => `${i < 90 ? 1 : 0},${-conf}`)].join("\n"),
    );
    const found = await judgeScores([path], quick);
    expect(found.columns[0]).toMatchObject({ higher: "unknown", guessed: true });
    expect(found.columns[0]?.mean.metrics.auroc).toBe(auroc(known, unknown));
    expect(found.senses[0]).toContain('90 known, 60 unknown rows, by column "known"');
    const given = await judgeScores([path], { ...quick, higher: "known" });
    expect(given.columns[0]?.mean.metrics.auroc).toBeCloseTo(1 - auroc(known, unknown), 12);
    expect(given.columns[0]?.guessed).toBe(false);
  });

  it("takes several sets, their mean, and compares columns row by row", async () => {
    const id = write("id.csv", ["a,b", ...known.map((z, i) => `${z},${z - (i % 2)}`)].join("\n"));
    const first = write("first.csv", ["a,b", ...unknown.map((z) => `${z},${z}`)].join("\n"));
    const second = write("second.csv", ["b,a", ...unknown.map((z) => `${z - 1},${z - 1}`)].join("\n"));
    const found = await judgeScores([], { id: [id], ood: [first, second], resamples: 200 });
    expect(found.columns.map(({ column, sets }) => [column, sets.map(({ name }) => name)])).toEqual([
      ["a", ["first", "second"]],
      ["b", ["first", "second"]],
    ]);
    const mean = found.columns[0]?.mean;
    expect(mean?.metrics.auroc).toBeCloseTo(
      ((found.columns[0]?.sets[0]?.metrics.auroc ?? 0) + (found.columns[0]?.sets[1]?.metrics.auroc ?? 0)) / 2,
      12,
    );
    const [low, high] = mean?.interval?.auroc ?? [1, 0];
    expect(low).toBeLessThan(mean?.metrics.auroc ?? 0);
    expect(high).toBeGreaterThan(mean?.metrics.auroc ?? 1);
    const pair = found.differences.find(({ on, metric }) => on === "mean" && metric === "auroc");
    expect(pair).toMatchObject({ first: "a", second: "b" });
    expect(pair?.difference).toBeGreaterThan(0);
    expect(found.differences.find(({ on }) => on === "first")?.delongP).toBeGreaterThanOrEqual(0);
  });

  it("finds the one good column among thirteen, whatever the correction for all pairs asks", async () => {
    const chance = Array.from({ length: 12 }, (_, k) => k);
    const row = (id: number, i: number): string =>
      [-id, 10 * (id + 1), ...chance.map((k) => (i * (2 * k + 7)) % 41)].join();
    const all = Array.from({ length: 120 }, (_, i) => row(i < 60 ? 0 : 1, i % 60));
    const names = ["label", "good", ...chance.map((k) => `c${k}`)].join();
    const path = write("many.csv", [names, ...all].join("\n"));
    const { differences } = await judgeScores([path], { resamples: 500, higher: "unknown" });
    const own = differences.filter(({ first, metric }) => first === "good" && metric === "auroc");
    expect(own).toHaveLength(12);
    for (const { difference, adjustedP, beyond } of own) {
      expect(difference).toBeCloseTo(0.5, 12);
      expect(beyond).toBe(true);
      expect(adjustedP).toBeLessThan(0.05);
    }
  });
});

describe("what cannot be judged is said", () => {
  it.each([
    ["no file", "nothing.csv", null, "OAL-D101"],
    ["no number", "words.csv", "label,score\n0,high\n-1,low\n", "these hold words: score"],
    ["a gap", "gap.csv", "label,score\n0,1\n-1,\n", 'column "score" has no number in row 2'],
    ["a word among numbers", "word.csv", "label,a,b\n0,1,2\n-1,2,n/a\n", 'column "b" has "n/a" in row 2'],
    ["two columns of a name", "dup.csv", "label,a, a\n0,1,2\n-1,2,1\n", 'two columns are called "a"'],
    ["labels in words", "cats.csv", "label,a\ncat,1\nunknown,2\n", 'column "label" has "cat" in row 1'],
    ["no text", "zeros.csv", "l\0a\0b\0", "it is no text in UTF-8"],
    [
      "a label that a row lacks",
      "lacks.jsonl",
      '{"label":0,"a":1}\n{"a":2}\n',
      'column "label" has no number in row 2',
    ],
    ["semicolons", "semi.csv", "label;a\n0;1,5\n", "separated by semicolons"],
    ["a short line", "short.csv", "label,score\n0,1\n-1\n", "line 3 has 1 fields"],
    ["bad JSON", "bad.jsonl", '{"label":0,"score":1}\n{oops\n', "line 2 is no JSON"],
    ["no sense", "only.csv", "score\n1\n2\n", "does not say which rows are known"],
    ["one side", "side.csv", "label,score\n0,1\n1,2\n", "no unknown rows"],
    ["empty", "empty.csv", "label,score\n", "it holds no rows"],
  ])("%s", async (_, name, text, message) => {
    if (text !== null) write(name, text);
    await expect(judgeScores([at(name)], quick)).rejects.toThrowError(
      expect.objectContaining(
        message.startsWith("OAL") ? { code: message } : { message: expect.stringContaining(message) },
      ),
    );
  });

  it("no row, and what is no number, in every form: with the file and the column", async () => {
    const told = (path: string): Promise<string> =>
      judgeScores([], { ...quick, id: [at("known.npy")], ood: [path] }).then(
        () => "judged",
        (error: unknown) => (error instanceof Error ? error.message : ""),
      );
    const numbers = Float32Array.of(1, NaN, 2);
    const member = (conf: Float32Array): Buffer =>
      npzBytes({ conf, label: BigInt64Array.from(conf, () => -1n) });
    writeFileSync(at("nan.npz"), member(numbers));
    writeFileSync(at("none.npz"), member(new Float32Array()));
    writeFileSync(at("nan.npy"), npy([...numbers]));
    writeFileSync(at("allnan.npy"), npy([NaN, NaN]));
    parquetWriteFile({
      filename: at("nan.parquet"),
      columnData: [{ name: "conf", data: numbers, type: "FLOAT" }],
    });
    write("nan.csv", "score\nnan\nNaN\n");
    expect(await told(at("none.npz"))).toBe(`${at("none.npz")}: it holds no rows`);
    for (const [name, column, row] of [
      ["nan.npz", "score", 2],
      ["nan.npy", "score", 2],
      ["allnan.npy", "score", 1],
      ["nan.parquet", "conf", 2],
      ["nan.csv", "score", 1],
    ] as const)
      expect(await told(at(name))).toContain(`${at(name)}: column "${column}" has no number in row ${row}`);
  });

  it("what is no file, before it is read", async () => {
    await expect(judgeScores(["/dev/zero"], quick)).rejects.toThrowError(
      expect.objectContaining({ code: "OAL-E293" }),
    );
    mkdirSync(at("empty/deeper"), { recursive: true });
    await expect(judgeScores([at("empty")], quick)).rejects.toThrow(
      `${at("empty")}: this folder holds no score file (.csv, .tsv, .npz, .npy, .jsonl, .ndjson, .json, .parquet); it has folders: ${at("empty/deeper")}`,
    );
  });

  it("columns that differ, or are not there", async () => {
    const a = write("a.csv", "label,x\n0,1\n-1,0\n");
    const b = write("b.csv", "label,y\n0,1\n-1,0\n");
    await expect(judgeScores([a, b], quick)).rejects.toThrow("no column of scores in common");
    await expect(judgeScores([a], { ...quick, columns: ["z"] })).rejects.toThrow(
      'no column "z" stands in every file; those that do: x',
    );
  });
});
