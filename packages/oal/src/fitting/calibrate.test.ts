/** What a calibration promises, in words that hold. */
import { describe, expect, it } from "vitest";
import { Random } from "oal-core";
import { calibrate } from "../evaluation/calibrate.js";
import { classSentences, promiseOf } from "./calibrate.js";

describe("the promise in words", () => {
  it("names the interval of the true rate, and what would narrow it", () => {
    const { sentences, kept, fewest } = promiseOf(72, 0.95);
    expect([kept, fewest]).toEqual([70, 19]);
    expect(sentences[0]).toBe(
      "Of 100 known pictures about 95 are kept: with 72 calibration pictures the true rate lies between 90.3 % and 99.1 % with a probability of 95 %.",
    );
    expect(sentences[1]).toMatch(
      /^About \d+ calibration pictures would narrow that to two points to either side\.$/,
    );
    expect(promiseOf(5000, 0.95).sentences).toHaveLength(1);
  });

  it("says where there are too few to promise anything", () => {
    const [first] = promiseOf(12, 0.95).sentences;
    expect(first).toContain("12 calibration pictures are too few to promise 95 %");
    expect(first).toContain("92.3 % of new known ones on average; 19 would be enough");
    expect(promiseOf(1, 0.95).sentences[0]).toContain("1 calibration picture is too few");
    expect(promiseOf(19, 0.95).sentences[0]).toContain("about 95 are kept");
    expect(promiseOf(40, 1).sentences[0]).toContain("keeps every calibration picture");
  });
});

describe("cuts per class", () => {
  const scores = Float32Array.from(new Random(0, "calibrate").normals(0, 60));
  const predicted = Int32Array.from({ length: 60 }, (_, i) => (i < 25 ? 0 : i < 50 ? 1 : 2));
  const options = { keep: 0.95, ask: undefined, perClass: true, classes: 3 };

  it("are made where there are pictures enough, and said", () => {
    const { decision, classCuts } = calibrate("ebo", scores, predicted, options);
    expect(classCuts?.map(({ own }) => own)).toEqual([true, true, false]);
    expect(decision.perClass?.[2]).toEqual(decision.cuts);
    const [rule, rest] = classSentences(classCuts ?? [], ["a", "b", "c"], 0.95);
    expect(rule).toContain("19 calibration pictures or more");
    expect(rest).toBe("2 classes have one; too few pictures, and so the cut of all together: c.");
    expect(
      calibrate("ebo", scores, predicted, { ...options, perClass: false }).decision.perClass,
    ).toBeUndefined();
  });
});
