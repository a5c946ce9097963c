/** Which files of a hub model are fetched. */
import { describe, expect, it } from "vitest";
import { chooseFiles } from "./choose.js";

const name = { repo: "owner/name", revision: "main" };
const paths = (files: readonly string[], patterns: readonly string[] = []): string[] =>
  chooseFiles(name, files, patterns);

describe("which files", () => {
  it.each([
    [
      ["model.onnx", "model.onnx_data", "vocab.txt"],
      ["model.onnx", "model.onnx_data"],
    ],
    [
      ["a/net.onnx", "a/net.data", "b/net.data"],
      ["a/net.onnx", "a/net.data"],
    ],
    [["onnx/model.onnx", "onnx/model_int8.onnx", "model.onnx"], ["onnx/model.onnx"]],
    [
      ["config.json", "model.safetensors", "pytorch_model.bin"],
      ["config.json", "model.safetensors"],
    ],
  ])("of %j are %j", (files, wanted) => {
    expect(paths(files)).toEqual(wanted);
  });

  it("those asked for, by pattern", () => {
    const files = ["onnx/model.onnx", "onnx/model_int8.onnx", "config.json"];
    expect(paths(files, ["onnx/*int8*"])).toEqual(["onnx/model_int8.onnx", "config.json"]);
  });

  it.each([
    [["a.onnx", "b.onnx"], [], /2 ONNX files.*\n {2}a\.onnx/],
    [["pytorch_model.bin"], [], /no ONNX file and no model\.safetensors/],
    [["model.onnx"], ["modle.onnx"], /did you mean model\.onnx/],
  ])("of %j with %j: not clear, and said so", (files, patterns, words) => {
    expect(() => paths(files, patterns)).toThrow(expect.objectContaining({ code: "OAL-D165" }));
    expect(() => paths(files, patterns)).toThrow(words);
  });
});
