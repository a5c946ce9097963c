/** A bundle is written, read without its weights, checked by running it, and says the same through any session. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import {
  add,
  cast,
  detectors,
  float32Tensor,
  gemm,
  Graph,
  isOalError,
  memoryRows,
  makeDecision,
  mul,
  Random,
  readModel,
  reduceMean,
  selfTestFaults,
  toNumbers,
  uint8Tensor,
  writeModel,
  type Classifier,
  type RowSource,
  type Tensor,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { testEngine as engine } from "../testing/engine.js";
import { writeModelFile } from "../runtime/modelFile.js";
import { assembleBundle } from "./assemble.js";
import { factsToMetadata } from "./facts.js";
import { checkBundle, readBundle, storedDetector, writeBundle, type BundleContents } from "./index.js";
import { Scorer } from "./scorer.js";
import { answerSelfTest } from "./selfTest.js";

const root = mkdtempSync(join(tmpdir(), "oal-bundle-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const size = 4;
const count = 6;
const random = new Random(3, "bundle");
const pixels = Uint8Array.from(random.uniforms(0, count * 3 * size * size), (u) => 256 * u);
const images = uint8Tensor([count, 3, size, size], pixels);

/** A linear classifier of mean colours that nothing of oal's networks is in. */
function linearClassifier(scale = 1, hidden = 3): Classifier {
  const graph = new Graph();
  const input = graph.input("images", { dtype: "uint8", shape: ["batch", 3, size, size] });
  const means = reduceMean(mul(cast(input, "float32"), scale / 255), [2, 3], false);
  // Wider features only make the file larger: the added ones are zero.
  const wide = graph.constant(
    float32Tensor(
      [hidden, 3],
      Array.from({ length: hidden * 3 }, (_, i) => (i < 9 && i % 4 === 0 ? 1 : 0)),
    ),
    "wide",
  );
  const features = hidden === 3 ? means : gemm(means, wide, null, { transB: true });
  const rows = [
    [3, -1, 0],
    [-2, 1, 1],
  ];
  const weight = graph.constant(
    float32Tensor(
      [2, hidden],
      rows.flatMap((row) => [...row, ...Array.from({ length: hidden - 3 }, () => 0)]),
    ),
    "weight",
  );
  const logits = add(gemm(features, weight, null, { transB: true }), 0.25);
  return { graph, taps: { images: input, logits, features, maps: new Map() } };
}

/** The same in plain numbers. */
function byHand(): { features: Tensor; logits: Tensor; score: Tensor } {
  const area = size * size;
  const features = Array.from({ length: count * 3 }, (_, i) => {
    const plane = pixels.subarray(i * area, (i + 1) * area);
    return plane.reduce((sum, value) => sum + value, 0) / area / 255;
  });
  const logits = Array.from({ length: count }, (_, i) => features.slice(3 * i, 3 * i + 3)).flatMap(
    ([r = 0, g = 0, b = 0]) => [3 * r - g + 0.25, -2 * r + g + b + 0.25],
  );
  const score = Array.from({ length: count }, (_, i) =>
    Math.log(Math.exp(logits[2 * i] ?? 0) + Math.exp(logits[2 * i + 1] ?? 0)),
  );
  return {
    features: float32Tensor([count, 3], features),
    logits: float32Tensor([count, 2], logits),
    score: float32Tensor([count], score),
  };
}

/** Rows of knn's bank: b, and -|b|² / 2. */
function bankOf(width: number): RowSource {
  const drawn = random.normals(1, 8 * width);
  const rows = Array.from({ length: 8 }, (_, i) => [...drawn.subarray(i * width, (i + 1) * width)]);
  const kept = rows.flatMap((row) => [...row, row.reduce((sum, value) => sum - (value * value) / 2, 0)]);
  return memoryRows(Float32Array.from(kept), width + 1);
}
const decisionOf = (detector: string, ask?: number): ReturnType<typeof makeDecision> =>
  makeDecision(
    Array.from({ length: 30 }, (_, i) => 0.9 + i / 100),
    { detector, target: 0.9, ...(ask === undefined ? {} : { ask }) },
  );

function contents(classifier = linearClassifier()): BundleContents {
  return {
    classifier,
    version: "0.1.0",
    name: "colours",
    preprocessing: {
      resize: 6,
      crop: size,
      interpolation: "bicubic",
      orientation: "apply",
      maxPixels: 1000,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    },
    classNames: ["red", "green 🌿\n"],
    decides: "ebo",
    detectors: [
      {
        fitted: {
          detector: detectors.find("ebo"),
          parameters: { temperature: 1 },
          fitted: { tensors: {}, bank: null },
        },
        decision: decisionOf("ebo", 0.5),
      },
      {
        fitted: {
          detector: detectors.find("knn"),
          parameters: { neighbours: 3 },
          fitted: { tensors: {}, bank: bankOf(classifier.taps.features?.size(1) ?? 3) },
        },
        decision: decisionOf("knn"),
      },
    ],
    ingredients: [{ role: "data", name: "colours", licence: "CC0", origin: "drawn" }],
    notes: { seed: "3" },
  };
}

async function written(name: string): Promise<string> {
  const path = join(root, `${name}.onnx`);
  await writeBundle(path, contents(), { engine, images, expected: byHand() });
  return path;
}

describe("a bundle", () => {
  it("says of itself what it was written with, without its weights being read", async () => {
    const path = await written("facts");
    const { classifier: _classifier, detectors: given, ...facts } = contents();
    const read = await readBundle(path);
    const input = { layout: "nchw", resizing: "outside", height: size, width: size };
    const selfTest = expect.objectContaining({ width: 97, height: 61 });
    expect(read).toEqual({ ...facts, input, detectors: expect.any(Array), selfTest });
    expect(read.detectors.map(({ decision }) => decision)).toEqual(given.map(({ decision }) => decision));
    expect(storedDetector(read).outputs).toEqual({
      score: "score",
      pValue: "pValue",
      known: "known",
      ask: "ask",
    });
    expect(storedDetector(read, "knn")).toMatchObject({
      parameters: { neighbours: 3 },
      outputs: { score: "score.knn", pValue: "pValue.knn", known: "known.knn" },
    });
    expect(() => storedDetector(read, "msp")).toThrowError(expect.objectContaining({ code: "OAL-E214" }));
  });

  it("holds no operator that overflows on other devices", async () => {
    const operatorsOf = (graph: Graph): string[] => graph.nodes.map(({ operator }) => operator.name);
    expect(operatorsOf(assembleBundle(contents()).graph)).toContain("ReduceLogSumExp");
    const { graph } = readModel(readFileSync(await written("devices")));
    expect(operatorsOf(graph)).not.toContain("ReduceLogSumExp");
  });

  it("gives any session scores, p values and verdicts, of any number of pictures, thresholds being no inputs", async () => {
    const session = await InferenceSession.create(await written("plain"), { logSeverityLevel: 3 });
    expect(session.inputNames).toEqual(["images"]);
    const { score, logits } = byHand();
    const decision = decisionOf("ebo", 0.5);
    for (const rows of [1, 2, count]) {
      const fed = new OrtTensor("uint8", pixels.slice(0, rows * 48), [rows, 3, size, size]);
      const outputs = await session.run({ images: fed });
      const of = (name: string): number[] => Array.from(outputs[name]?.data ?? [], Number);
      expect(outputs["logits"]?.dims).toEqual([rows, 2]);
      of("logits").forEach((value, i) => expect(value).toBeCloseTo(Number(logits.data[i]), 5));
      of("score").forEach((value, i) => expect(value).toBeCloseTo(Number(score.data[i]), 5));
      expect(outputs["label"]).toMatchObject({ type: "int64", dims: [rows] });
      expect(outputs["probabilities"]?.dims).toEqual([rows, 2]);
      for (let row = 0; row < rows; row++) {
        const [a = 0, b = 0] = of("logits").slice(2 * row, 2 * row + 2);
        expect(of("label")[row]).toBe(b > a ? 1 : 0);
        expect(of("probabilities")[2 * row]).toBeCloseTo(1 / (1 + Math.exp(b - a)), 6);
        expect(of("probabilities")[2 * row + 1]).toBeCloseTo(1 / (1 + Math.exp(a - b)), 6);
      }
      expect(of("known")).toEqual(of("score").map((value) => Number(value >= decision.cuts.unknown)));
      const pValues = of("score").map((value) => {
        const below = decision.calibration.filter((each) => each <= value).length;
        return Math.fround((1 + below) / 31);
      });
      expect(of("pValue")).toEqual(pValues);
      expect(of("ask")).toHaveLength(rows);
      expect(of("score.knn")).toHaveLength(rows);
    }
    await session.release();
  });

  it("carries its cuts as initialisers of the graph", async () => {
    const text = readFileSync(await written("initialisers"), "latin1");
    for (const name of [
      "threshold.ebo",
      "threshold.ask.ebo",
      "calibration.ebo",
      "pValues.ebo",
      "threshold.knn",
    ])
      expect(text).toContain(name);
  });

  it("tells its size before it is written, where that is large", async () => {
    const told: unknown[] = [];
    const path = join(root, "large.onnx");
    const onLarge = (bytes: number): void => void told.push(bytes, existsSync(path));
    await writeBundle(path, contents(), { engine, images, expected: {}, onLarge });
    expect(told).toEqual([]);
    rmSync(path);
    await writeBundle(path, contents(), { engine, images, expected: {}, onLarge, large: 100 });
    expect(told).toEqual([expect.any(Number), false]);
    expect(told[0]).toBeGreaterThan(100);
    expect(told[0]).toBeLessThan(statSync(path).size);
  });
});

describe("the self-test of a bundle", () => {
  it("passes where it was written, and names what another model says otherwise", async () => {
    const path = await written("tested");
    const facts = await readBundle(path);
    const own = await Scorer.open(path, { engine });
    expect(await own.selfTest()).toEqual([]);
    await own.release();
    const other = join(root, "other.onnx");
    await writeBundle(other, contents(linearClassifier(1.01)), { engine, images, expected: {} });
    const session = await engine.open(other);
    const { label, found } = await answerSelfTest(session, facts);
    await session.release();
    expect(selfTestFaults(facts.selfTest ?? expect.fail(), label, found)).toEqual([
      expect.stringMatching(/^ebo: score [\d.]+ instead of [\d.]+ \(at most [\d.e-]+ apart\)$/),
    ]); // neighbours are compared by direction, which a factor leaves as it is
  });

  it("allows files of fewer bits what rounding does to them", async () => {
    const tolerances: (number | undefined)[] = [];
    for (const precision of ["fp32", "fp16", "int8"]) {
      const path = join(root, `${precision}.onnx`);
      await writeBundle(path, { ...contents(), notes: { precision } }, { engine, images, expected: {} });
      const { selfTest } = await readBundle(path);
      tolerances.push(selfTest?.detectors["ebo"]?.tolerance.score);
      expect(selfTest?.label).toBe(precision === "int8" ? null : 0);
    }
    const [single = 0, half, whole] = tolerances;
    expect([half, whole]).toEqual([expect.closeTo(10 * single, 6), expect.closeTo(5000 * single, 3)]);
  });

  it("has no place for a detector whose score jumps, which the file marks", async () => {
    const jumping = { ...detectors.find("ebo"), id: "leaping", jumps: true };
    const given = contents();
    const [first, ...others] = given.detectors;
    if (!first) throw new Error("no detector");
    const leaping = {
      fitted: { ...first.fitted, detector: jumping },
      decision: { ...first.decision, detector: "leaping" },
    };
    const path = join(root, "leaping.onnx");
    const all = { ...given, detectors: [first, leaping, ...others] };
    await writeBundle(path, all, { engine, images, expected: {} });
    const read = await readBundle(path);
    expect(read.detectors.map(({ jumps }) => jumps)).toEqual([undefined, true, undefined]);
    expect(Object.keys(read.selfTest?.detectors ?? {})).toEqual(["ebo", "knn"]);
  });
});

describe("weights beside a bundle", () => {
  it("lie in a file of their own where they are large, under a name that stays when both are copied", async () => {
    const folder = mkdtempSync(join(root, "outside-"));
    const path = join(folder, "colours.onnx");
    const big = linearClassifier(1, 1000);
    await writeBundle(path, contents(big), { engine, images, expected: {}, outsideFrom: 1000 });
    const [data = "", ...others] = readdirSync(folder).filter((name) => name !== "colours.onnx");
    expect(data).toMatch(/^weights-[0-9a-f]{16}\.data$/);
    expect(others).toEqual([]);
    expect((await readBundle(path)).name).toBe("colours");
    const copy = mkdtempSync(join(root, "copy-"));
    copyFileSync(path, join(copy, "colours.seed1.onnx"));
    copyFileSync(join(folder, data), join(copy, data));
    await checkBundle(join(copy, "colours.seed1.onnx"), { engine, images, expected: {} });
    rmSync(join(copy, data));
    const lonely = checkBundle(join(copy, "colours.seed1.onnx"), { engine, images, expected: {} });
    await expect(lonely).rejects.toMatchObject({ code: "OAL-I103", message: expect.stringContaining(data) });
    // the same model, kept inside
    const inside = join(folder, "inside.onnx");
    await writeBundle(inside, contents(linearClassifier(1, 1000)), { engine, images, expected: {} });
    expect(statSync(inside).size).toBeGreaterThan(statSync(path).size + 4000);
  });
});

describe("the checksum", () => {
  it("is the file's last 64 bytes and of all before them", async () => {
    const whole = readFileSync(await written("sealed"));
    const sha256 = createHash("sha256").update(whole.subarray(0, -64)).digest("hex");
    expect(whole.subarray(-64).toString()).toBe(sha256);
    expect(readModel(whole).metadata.get("oal.sha256")).toBe(sha256);
  });

  it("lets no changed byte through, whether in the weights or in what the file says of itself", async () => {
    const path = await written("byte");
    const whole = readFileSync(path);
    for (let trial = 0; trial < 40; trial++) {
      const bytes = Buffer.from(whole);
      const at = trial === 0 ? whole.length - 1 : random.integer(trial, 0, whole.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(trial, 1, 8));
      writeFileSync(path, bytes);
      await expect(readBundle(path), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^OAL-I1(03|43|44)$/),
      });
    }
    const at = whole.indexOf("knn");
    const otherwise = Buffer.concat([whole.subarray(0, at), Buffer.from("kmm"), whole.subarray(at + 3)]);
    writeFileSync(path, otherwise);
    await expect(readBundle(path)).rejects.toMatchObject({ code: "OAL-I103" });
    writeFileSync(path, whole);
    await expect(readBundle(path)).resolves.toMatchObject({ name: "colours" });
  });

  it("covers the weights beside it, and names the file that has changed", async () => {
    const folder = mkdtempSync(join(root, "sealed-"));
    const path = join(folder, "colours.onnx");
    const big = contents(linearClassifier(1, 1000));
    await writeBundle(path, big, { engine, images, expected: {}, outsideFrom: 1000 });
    const data = join(folder, readdirSync(folder).find((name) => name.endsWith(".data")) ?? "");
    await expect(readBundle(path)).resolves.toMatchObject({ name: "colours" });
    const weights = readFileSync(data);
    weights[100] = (weights[100] ?? 0) ^ 1;
    writeFileSync(data, weights);
    await expect(readBundle(path)).rejects.toMatchObject({
      code: "OAL-I103",
      message: expect.stringContaining(data),
    });
    await expect(readBundle(path, { verify: false })).resolves.toMatchObject({ name: "colours" });
  });
});

describe("the check after writing", () => {
  it("fails where the file does not give what was measured, and leaves nothing", async () => {
    const { logits, ...rest } = byHand();
    const wrong = float32Tensor(
      logits.shape,
      toNumbers(logits).map((value, i) => (i === 5 ? value + 4e-5 * Math.max(...toNumbers(logits)) : value)),
    );
    const path = join(root, "wrong.onnx");
    const writing = writeBundle(path, contents(), { engine, images, expected: { ...rest, logits: wrong } });
    await expect(writing).rejects.toMatchObject({ code: "OAL-I145", details: { output: "logits" } });
    expect(() => readFileSync(path)).toThrow("ENOENT");
    const missing = writeBundle(path, contents(), { engine, images, expected: { none: logits } });
    await expect(missing).rejects.toMatchObject({ code: "OAL-I145", details: { output: "none" } });
  });

  it("and keeps the file that was there before, also where weights lie beside", async () => {
    const folder = mkdtempSync(join(root, "kept-"));
    const path = join(folder, "kept.onnx");
    const options = { engine, images, outsideFrom: 1000 };
    await writeBundle(path, contents(linearClassifier(1, 1000)), { ...options, expected: {} });
    const before = readdirSync(folder).sort();
    const failing = writeBundle(path, contents(linearClassifier(1, 1000)), {
      ...options,
      expected: { none: byHand().logits },
    });
    await expect(failing).rejects.toMatchObject({ code: "OAL-I145", details: { path } });
    expect(readdirSync(folder).sort()).toEqual(before);
    await expect(readBundle(path)).resolves.toMatchObject({ selfTest: { height: expect.any(Number) } });
  });

  it("fails where label or probabilities are not what the logits say", async () => {
    for (const output of ["label", "probabilities"]) {
      const { graph, facts } = assembleBundle(contents());
      const right = graph.outputs.get(output);
      if (!right) throw new Error(`no ${output}`);
      const wrong = output === "label" ? cast(add(cast(right, "float32"), 1), "int64") : mul(right, 0.999);
      graph.outputs.set(output, wrong);
      const path = join(root, `other-${output}.onnx`);
      await writeModelFile(path, graph, { metadata: factsToMetadata(facts) });
      const checking = checkBundle(path, { engine, images, expected: {} });
      await expect(checking).rejects.toMatchObject({ code: "OAL-I145", details: { output } });
    }
  });

  it("fails where a picture's outputs depend on its neighbours", async () => {
    const model = linearClassifier();
    const mean = reduceMean(model.taps.logits, [0], true);
    const path = join(root, "neighbours.onnx");
    const leaking = contents({ ...model, taps: { ...model.taps, logits: add(model.taps.logits, mean) } });
    const writing = writeBundle(path, leaking, { engine, images, expected: {} });
    await expect(writing).rejects.toMatchObject({
      code: "OAL-I145",
      details: { output: "logits of one picture alone" },
    });
  });

  it("is passed where a score alone rounds to the other side of a step of its p value", async () => {
    const model = linearClassifier();
    const [score = 0] = toNumbers(byHand()["score"] ?? float32Tensor([0], []));
    const near = Array.from({ length: 401 }, (_, k) => score * (1 + (k - 200) * 1e-7));
    const { detectors: given, ...facts } = contents({
      ...model,
      // a little of the neighbours, less than the check allows
      taps: {
        ...model.taps,
        logits: add(model.taps.logits, mul(reduceMean(model.taps.logits, [0], true), 1e-5)),
      },
    });
    const stepped = given.map((each) =>
      each.fitted.detector.id === "ebo"
        ? { ...each, decision: makeDecision(near, { detector: "ebo", target: 0.9 }) }
        : each,
    );
    const path = join(root, "step.onnx");
    await writeBundle(path, { ...facts, detectors: stepped }, { engine, images, expected: {} });
    const session = await engine.open(path);
    const ofOne = images.data.length / count;
    const [all, one] = [
      await session.run({ images }),
      await session.run({ images: uint8Tensor([1, ...images.shape.slice(1)], pixels.slice(0, ofOne)) }),
    ];
    await session.release();
    expect(toNumbers(all["pValue"] ?? images)[0]).not.toBe(toNumbers(one["pValue"] ?? images)[0]);
  });

  it("is passed by a file as it was written", async () => {
    await checkBundle(await written("again"), { engine, images, expected: byHand() });
  });
});

describe("what is no bundle", () => {
  const refused = async (path: string): Promise<unknown> => readBundle(path).catch((error: unknown) => error);

  it("is refused in a sentence", async () => {
    const at = (name: string, content: string | Uint8Array): string => {
      const path = join(root, name);
      writeFileSync(path, content);
      return path;
    };
    const code = (expected: string): unknown => expect.objectContaining({ code: expected });
    expect(await refused(join(root, "none.onnx"))).toEqual(code("OAL-I112"));
    for (const [name, content] of [
      ["text.onnx", "hello"],
      ["empty.onnx", ""],
      ["picture.onnx", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)],
      ["zeros.onnx", new Uint8Array(64)],
    ] as const)
      expect(await refused(at(name, content)), name).toEqual(code("OAL-I143"));
    const foreign = new Graph();
    foreign.output("y", foreign.input("x", { dtype: "float32", shape: [1] }));
    expect(await refused(at("foreign.onnx", writeModel(foreign)))).toEqual(code("OAL-I143"));
    const other = writeModel(foreign, { metadata: { "oal.format": "99" } });
    expect(await refused(at("other.onnx", other))).toEqual(code("OAL-I144"));
    const before = writeModel(foreign, { metadata: { "oal.format": "1" } });
    expect(await refused(at("before.onnx", before))).toMatchObject({
      code: "OAL-I144",
      message: expect.stringMatching(/before\.onnx was written in format 1, this oal reads format 2$/),
    });
    const bare = writeModel(foreign, { metadata: { "oal.format": "2" } });
    expect(await refused(at("bare.onnx", bare))).toMatchObject({
      code: "OAL-I103",
      message: expect.stringContaining("lack oal.version"),
    });
  });

  it("or was changed anywhere, is refused in a sentence", async () => {
    const path = await written("changed");
    const whole = readFileSync(path);
    const mutated = join(root, "mutated.onnx");
    const ended = new Set<string>();
    for (let trial = 0; trial < 300; trial++) {
      const bytes = Uint8Array.from(whole);
      // the beginning and the end hold the fields that are walked through
      for (let k = 0; k < 4; k++) {
        const near = random.integer(trial, 2 * k, 400);
        const at = k % 2 === 0 ? near : Math.max(0, bytes.length - 1 - 20 * near);
        bytes[at] = random.integer(trial, 2 * k + 1, 256);
      }
      writeFileSync(mutated, bytes);
      const error: unknown = await refused(mutated);
      ended.add(isOalError(error) ? error.code : error instanceof Error ? error.message : "read");
    }
    expect([...ended].filter((how) => !["OAL-I103", "OAL-I143", "OAL-I144"].includes(how))).toEqual([]);
    expect(ended.size).toBeGreaterThan(1);
  });

  it("as a damaged one where it is cut off anywhere", async () => {
    const path = await written("cut");
    const whole = readFileSync(path);
    for (const share of [0.05, 0.3, 0.9, 0.999]) {
      writeFileSync(path, whole);
      truncateSync(path, Math.floor(share * whole.length));
      expect(await refused(path)).toMatchObject({ code: "OAL-I103" });
    }
  });
});
