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
