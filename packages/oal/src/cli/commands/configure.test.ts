/** Flags that stand for keys of the configuration. */
import { describe, expect, it } from "vitest";
import "../../pipeline/stages/index.js";
import { configure } from "./configure.js";

describe("--detectors", () => {
  const measured = (...detectors: string[]): unknown =>
    configure(undefined, { detectors }).evaluation.detectors;

  it("is evaluation.detectors", () => {
    expect(measured("all")).toEqual(["all"]);
    expect(measured("energy", "knn")).toEqual(["ebo", "knn"]);
  });

  it("is named where it is wrong, and says what is missing where none of them decides", () => {
    expect(() => measured("eboo")).toThrow(
      '--detectors: evaluation.detectors.0: there is no detector "eboo"',
    );
    expect(() => measured("vim", "knn")).toThrow("as --set evaluation.scoreDetector=vim");
  });
});

describe("--method", () => {
  const whole = (method: readonly string[], ...set: readonly string[]): unknown =>
    configure(undefined, { method, set }).evaluation.scoreDetector;

  it("trains the students that rules are about: a head of theirs may decide", () => {
    const rotpred = "evaluation.scoreDetector=rotpred";
    expect(whole(["rotpred"], rotpred)).toBe("rotpred");
    expect(whole(["ce", "rotpred"], rotpred)).toBe("rotpred");
    expect(
      whole(["oal"], "methods=[ce]", "exposure.rejectWeight=0.5", "evaluation.scoreDetector=reject"),
    ).toBe("reject");
  });

  it("leaves no head to decide that its students do not train", () => {
    expect(() => whole(["ce"], "methods=[ce, rotpred]", "evaluation.scoreDetector=rotpred")).toThrow(
      "nothing makes in this run",
    );
    expect(() => whole(["rotpredd"])).toThrow(/--method: methods\.0: there is no recipe "rotpredd"/);
  });

  it("is not written into the configuration", () => {
    expect(configure(undefined, { method: ["ce"] }).methods).toEqual(configure(undefined, {}).methods);
  });
});
