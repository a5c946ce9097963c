import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { loadOptionsOf } from "./commands/loadOptions.js";
import { addModelOptions, type ModelOptions } from "./modelOptions.js";

const parse = (...words: string[]): ReturnType<typeof loadOptionsOf> =>
  loadOptionsOf(
    "oal fit",
    addModelOptions(new Command())
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parse(words, { from: "user" })
      .opts<ModelOptions>(),
  );

describe("a normalisation", () => {
  it("is mean and standard deviation together, of pixels in 0..1", () => {
    expect(parse("--mean", "0.485,0.456,0.406", "--std", "0.5").normalisation).toEqual({
      mean: [0.485, 0.456, 0.406],
      std: [0.5, 0.5, 0.5],
      order: "rgb",
    });
  });

  it("is refused where half of it is missing", () => {
    expect(() => parse("--mean", "0.5")).toThrow("--mean is given without --std");
    expect(() => parse("--std", "0.5")).toThrow("--std is given without --mean");
  });

  it("is refused in the units of pixels in 0..255", () => {
    for (const words of [
      ["--mean", "127.5", "--std", "0.5"],
      ["--mean", "0.5", "--std", "0.5,0.5,58.4"],
    ])
      expect(() => parse(...words)).toThrow("pixels in 0..1");
  });
});

describe("--resize", () => {
  it("is the shorter side, or height and width", () => {
    expect(parse("--resize", "256").resize).toBe(256);
    expect(parse("--resize", "224x256").resize).toEqual([224, 256]);
    expect(parse().resize).toBeUndefined();
  });

  it("is nothing else", () => {
    for (const text of ["0", "224x", "x224", "0x4", "4x0", "1x2x3", "2.5", "1e2", "free"])
      expect(() => parse("--resize", text)).toThrow("or HEIGHTxWIDTH as 224x224");
  });
});
