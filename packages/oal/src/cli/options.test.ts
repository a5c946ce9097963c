import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addStageOptions, realNumber, wholeNumber, type StageOptions } from "./options.js";

const parse = (...words: string[]): StageOptions =>
  addStageOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse(words, { from: "user" })
    .opts<StageOptions>();

describe("options of stages", () => {
  it("collect what may be given more than once, in order", () => {
    const given = parse(
      "--method",
      "ce,kd",
      "--method",
      "oal",
      "--ood",
      "a",
      "--ood",
      "b",
      "--set",
      "x=1",
      "--set",
      "y=2",
    );
    expect(given.method).toEqual(["ce", "kd", "oal"]);
    expect(given.ood).toEqual(["a", "b"]);
    expect(given.set).toEqual(["x=1", "y=2"]);
  });

  it("take whole numbers from their least on", () => {
    expect(parse("--seed", "0", "--skip-bad", "3")).toMatchObject({ seed: 0, skipBad: 3 });
    for (const wrong of ["-1", "1.5", "", "x"]) expect(() => parse("--seed", wrong)).toThrow("whole number");
    expect(wholeNumber(1)("1")).toBe(1);
    expect(() => wholeNumber(1)("0")).toThrow("at least 1");
  });

  it("take any finite number where a number is asked for", () => {
    expect([realNumber("-2.5e3"), realNumber("0")]).toEqual([-2500, 0]);
    for (const wrong of ["", " ", "Infinity", "1,5"]) expect(() => realNumber(wrong)).toThrow("a number");
  });
});
