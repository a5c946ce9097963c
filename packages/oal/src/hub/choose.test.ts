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

  const pipeline = [
    "feature_extractor/preprocessor_config.json",
    "model_index.json",
    "safety_checker/model.onnx",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.onnx",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/model.onnx",
    "unet/model.onnx_data",
    "unet/model_fp16.onnx",
    "vae_decoder/model.onnx",
    "vae_encoder/model.onnx",
    "v1-5-pruned.ckpt",
  ];
  const wantedOfPipeline = [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.onnx",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/model.onnx",
    "unet/model.onnx_data",
    "vae_decoder/model.onnx",
    "vae_encoder/model.onnx",
  ];

  it("of a diffusion pipeline are all its parts, wherever in the model it lies, and nothing else", () => {
    expect(paths(pipeline)).toEqual(wantedOfPipeline);
    const inFolder = (files: readonly string[]): string[] => files.map((path) => `onnx/${path}`);
    expect(paths([...inFolder(pipeline), "unet/config.json"])).toEqual(inFolder(wantedOfPipeline));
    const old = pipeline.map((path) => path.replace("model.onnx_data", "weights.pb"));
    expect(paths(old)).toContain("unet/weights.pb");
  });

  it.each([
    [[...pipeline, "text_encoder_2/model.onnx"], /two text encoders/],
    [
      ["model_index.json", "unet/diffusion_pytorch_model.safetensors"],
      /without text_encoder\/model\.onnx, unet/,
    ],
    [
      pipeline.filter((path) => path !== "vae_decoder/model.onnx"),
      /without vae_decoder\/model\.onnx: export/,
    ],
  ])("of a pipeline that is none for oal are none, and it is said why (%#)", (files, words) => {
    expect(() => paths(files)).toThrow(words);
    expect(() => paths(files)).toThrow(expect.objectContaining({ code: "OAL-D165" }));
    expect(paths(files, ["unet/*"]).length).toBeGreaterThan(0);
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
