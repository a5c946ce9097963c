/** Answers, inputs and self-tests of model files, by hand. */
import { describe, expect, it } from "vitest";
import { makeDecision } from "../detection/index.js";
import {
  answerOf,
  expectedAnswer,
  keptAt,
  pictureInput,
  scoreTolerance,
  selfTestFaults,
  selfTestPicture,
  type PictureRule,
  type SelfTest,
} from "./index.js";

describe("an answer", () => {
  const options = { path: "m.onnx", classNames: ["ant", "bee", "cat"], detector: "ebo", top: 2 };
  const outputs = {
    logits: [0, 0, 0, 1, 2, 2],
    score: [3, 4],
    pValue: [0.5, 0.04],
    known: [1, 0],
    ask: [1, 1],
  };

  it("ranks classes, the first of equals first, and asks only about what is known", () => {
    const answer = answerOf(outputs, 1, "x", options);
    const share = Math.exp(2) / (2 * Math.exp(2) + Math.exp(1));
    expect(answer).toMatchObject({ id: "x", known: false, ask: false, label: "bee", score: 4, pValue: 0.04 });
    expect(answer.classIndex).toBe(1);
    expect(answer.top).toEqual([
      { label: "bee", confidence: expect.closeTo(share, 12) },
      { label: "cat", confidence: expect.closeTo(share, 12) },
    ]);
    expect(answerOf(outputs, 0, "x", options)).toMatchObject({ known: true, ask: true, label: "ant" });
  });

  it("takes a threshold instead of the model's cut, and a score that is no number as an error", () => {
    expect(answerOf(outputs, 1, "x", { ...options, threshold: 4 }).known).toBe(true);
    expect(answerOf(outputs, 0, "x", { ...options, threshold: 4 }).known).toBe(false);
    const broken = answerOf({ ...outputs, score: [Number.NaN, 4] }, 0, "x", options);
    expect(broken).toMatchObject({ known: null, error: { code: "OAL-E216" } });
  });

  it("is another one at another keep rate, compared in float32", () => {
    expect([keptAt(0.04, 0.95), keptAt(0.04, 0.97)]).toEqual([false, true]);
    // 1 - 0.95 is a little above 0.05 in double precision, and float32's 0.05 above both: equal, so not kept.
    expect(keptAt(Math.fround(0.05), 0.95)).toBe(false);
  });
});

describe("a picture as a model's input", () => {
  const rule = (input: Partial<PictureRule["input"]>): PictureRule => ({
    preprocessing: { resize: 2, crop: 2, interpolation: "bilinear" },
    input: { layout: "nchw", resizing: "outside", height: 2, width: 2, ...input },
  });
  const image = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };

  it("is resized and laid out as the file says", () => {
    expect(pictureInput(image, rule({}), "x")).toEqual({
      data: Uint8Array.of(2, 3, 2, 3, 3, 4, 3, 4, 4, 5, 4, 5),
      shape: [3, 2, 2],
    });
    expect(pictureInput(image, rule({ layout: "nhwc" }), "x")).toEqual({
      data: Uint8Array.of(2, 3, 4, 3, 4, 5, 2, 3, 4, 3, 4, 5),
      shape: [2, 2, 3],
    });
    const free = rule({ resizing: "free", height: null, width: null });
    expect(pictureInput(image, free, "x")).toEqual({
      data: Uint8Array.of(1, 4, 2, 5, 3, 6),
      shape: [3, 1, 2],
    });
  });

  it("of another size is refused by a file that takes one only", () => {
    const fixed = rule({ resizing: "fixed", layout: "nhwc", height: 1, width: 2 });
    expect(pictureInput(image, fixed, "x")).toEqual({ data: image.data, shape: [1, 2, 3] });
    const other = { width: 1, height: 2, data: image.data };
    expect(() => pictureInput(other, fixed, "x.png")).toThrowError(
      expect.objectContaining({
        code: "OAL-I165",
        message: "x.png has 1 x 2 pixels; this model file takes pictures of 2 x 1 only",
      }),
    );
  });
});

describe("a self-test", () => {
  it("shows the picture of a formula of whole numbers", () => {
    const { width, height, data } = selfTestPicture(97, 61);
    const at = (x: number, y: number): number[] => [...data.subarray(3 * (y * 97 + x), 3 * (y * 97 + x) + 3)];
    expect([width, height, data.length]).toEqual([97, 61, 3 * 97 * 61]);
    expect([at(0, 0), at(1, 0), at(0, 1)]).toEqual([
      [0, 0, 0],
      [3, 5, 7],
      [7, 5, 3],
    ]);
    // 50 * 3 + 30 * 7 + 187 = 547 = 37 mod 510; 50 * 5 + 30 * 5 + 166 = 566 = 56; 50 * 7 + 30 * 3 + 150 = 590 = 80
    expect(at(50, 30)).toEqual([37, 56, 80]);
    // 90 * 3 + 5 * 7 + 56 = 361, above 255: 149; 90 * 5 + 5 * 5 + 50 = 525 = 15; 90 * 7 + 5 * 3 + 45 = 690 = 180
    expect(at(90, 5)).toEqual([149, 15, 180]);
  });

  const decision = makeDecision([1, 2, 3, 4], { detector: "ebo", target: 0.6 });

  it("allows a ten-thousandth of the scores' deviation, and what single precision cannot keep", () => {
    expect(scoreTolerance(decision, 2)).toBeCloseTo(1e-4 * Math.sqrt(1.25), 12);
    expect(scoreTolerance(decision, 2, 0.5)).toBeCloseTo(0.5 * Math.sqrt(1.25), 12);
    expect(scoreTolerance(decision, 2 ** 20)).toBe(1);
    const infinite = makeDecision([-Infinity, 5, 5], { detector: "ebo" });
    expect(scoreTolerance(infinite, 5)).toBe(5 * 2 ** -20);
  });

  it("expects p value and verdict as far as the tolerance leaves them one", () => {
    expect(expectedAnswer(decision, 2.5, 0)).toEqual({
      score: 2.5,
      pValue: 0.6,
      known: true,
      tolerance: { score: 0.000112, pValue: 0.000001 },
    });
    // On the cut and on a calibration score at once.
    expect(expectedAnswer(decision, 2, 0)).toMatchObject({ known: null, tolerance: { pValue: 0.2 } });
  });

  it("names every difference", () => {
    const expected: SelfTest = {
      width: 97,
      height: 61,
      label: 1,
      detectors: {
        ebo: { score: 2, pValue: 0.5, known: true, tolerance: { score: 0.1, pValue: 0.01 } },
        knn: { score: 2, pValue: 0.5, known: null, tolerance: { score: 0.1, pValue: 0.01 } },
      },
    };
    const same = { score: 2.05, pValue: 0.505, known: true };
    const faults = (ebo: typeof same, label = 1): string[] =>
      selfTestFaults(expected, label, { ebo, knn: { ...same, known: false } });
    expect(faults(same)).toEqual([]);
    expect(selfTestFaults({ ...expected, label: null }, 7, { ebo: same, knn: same })).toEqual([]);
    expect(faults(same, 0)).toEqual(["the most probable class is number 0, not 1"]);
    expect(faults({ ...same, score: Number.NaN })).toEqual([
      "ebo: score NaN instead of 2 (at most 0.1 apart)",
    ]);
    expect(faults({ ...same, pValue: 0.6 })).toEqual([
      "ebo: p value 0.6 instead of 0.5 (at most 0.01 apart)",
    ]);
    expect(faults({ ...same, known: false })).toEqual(["ebo: unknown instead of known"]);
    expect(selfTestFaults(expected, 1, { ebo: same })).toEqual(["knn: no score"]);
  });
});
