import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  centreCrop,
  cropImage,
  flipImage,
  type Interpolation,
  normalisationOf,
  normaliseBatch,
  resizeImage,
  resizeShorterSide,
  type RgbImage,
  toPlanes,
} from "oal-core";
import { expect } from "vitest";
import { expectClose, type GoldenCase } from "../testing/golden.js";
import { goldenSuite } from "../testing/goldenSuite.js";
import { decodeImage } from "./decode.js";

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);
const triple = (value: unknown): [number, number, number] => {
  const [a = NaN, b = NaN, c = NaN] = numbers(value);
  return [a, b, c];
};

function interpolationOf(value: unknown): Interpolation {
  if (value === "bilinear" || value === "bicubic" || value === "nearest") return value;
  throw new Error(`unknown interpolation ${String(value)}`);
}

function apply(step: string, image: RgbImage, hyper: GoldenCase["hyper"]): RgbImage {
  const size = Number(hyper["image_size"]);
  const interpolation = interpolationOf(hyper["interpolation"]);
  if (step === "resize") return resizeShorterSide(image, Number(hyper["pre_size"]), interpolation);
  if (step === "center_crop") return centreCrop(image, size);
  if (step === "flip") return hyper["flip"] === true ? flipImage(image) : image;
  if (step === "pad_crop") {
    const padding = Number(hyper["padding"]);
    return cropImage(image, Number(hyper["top"]) - padding, Number(hyper["left"]) - padding, size, size);
  }
  if (step === "crop_box") {
    const [top = 0, left = 0, height = 0, width = 0] = numbers(hyper["box"]);
    return cropImage(image, top, left, height, width);
  }
  if (step === "resize_exact") {
    const [height = size, width = size] = numbers(hyper["resize"]);
    return resizeImage(image, height, width, interpolation);
  }
  // decoding gives RGB, and the end of every pipeline is checked by itself
  if (["rgb", "to_float", "normalize"].includes(step)) return image;
  throw new Error(`unknown step ${step}`);
}

goldenSuite("preprocess", {
  check: async (golden) => {
    const file = String(golden.hyper["image"]);
    let image = await decodeImage(readFileSync(join(golden.folder, file)), file);
    if (golden.has("decoded")) expectClose(image.data, golden.entry("decoded"));
    const pipeline = golden.hyper["pipeline"];
    for (const step of Array.isArray(pipeline) ? pipeline.map(String) : [])
      image = apply(step, image, golden.hyper);
    expectClose(image.data, golden.entry("pixels"));
    const normalisation = { mean: triple(golden.hyper["mean"]), std: triple(golden.hyper["std"]) };
    expectClose(
      normaliseBatch(toPlanes(image), image.height * image.width, normalisation),
      golden.entry("output"),
    );
    const name = golden.hyper["normalization"];
    if (typeof name === "string") expect(normalisationOf(name)).toEqual(normalisation);
  },
});
