/** The protocol's pre-processing of one image: resized to `resize`, central square of `crop`, planes of 8-bit values. */
import { expectArguments, kinds } from "../errors/index.js";
import { anImage, centreCrop, centreOffset, type RgbImage } from "./image.js";
import {
  anInterpolation,
  aResizeRule,
  type Interpolation,
  resizedSides,
  resizeRegion,
  type ResizeRule,
} from "./resize.js";

const aSpec = kinds.fields({ resize: aResizeRule, crop: kinds.positiveCount });

/** What happens to every image of a set, training or test, before augmentation and normalisation. */
export interface PreprocessSpec {
  /** The shorter side becomes this many pixels; or both sides become these, whatever the picture's shape. */
  readonly resize: ResizeRule;
  /** Side of the central square that is kept, in pixels. */
  readonly crop: number;
  /** Default "bilinear", the protocol's choice. */
  readonly interpolation?: Interpolation;
}

/**
 * Resizes and crops one image; only what is kept is made.
 *
 * @source OpenOOD `TestStandardPreProcessor` (PROTOCOL 3)
 * @example preprocessImage(image, { resize: 256, crop: 224 })   // ImageNet
 * @example preprocessImage(image, { resize: [224, 224], crop: 224 })   // whole pictures, squeezed into the square: ViT
 */
export function preprocessImage(image: RgbImage, spec: PreprocessSpec): RgbImage {
  expectArguments("preprocessImage", { image: [image, anImage], spec: [spec, aSpec] });
  const { interpolation = "bilinear" } = spec;
  expectArguments("preprocessImage", { interpolation: [interpolation, anInterpolation] });
  const [height, width] = resizedSides(image, spec.resize);
  const kept = (to: number): { to: number; start: number; count: number } => ({
    to,
    start: Math.max(0, centreOffset(to, spec.crop)),
    count: Math.min(to, spec.crop),
  });
  return centreCrop(resizeRegion(image, kept(height), kept(width), interpolation), spec.crop);
}

/**
 * The image as planes: uint8 [3, H, W].
 *
 * @param out  receives the planes; made when absent
 */
export function toPlanes(image: RgbImage, out?: Uint8Array): Uint8Array {
  expectArguments("toPlanes", { image: [image, anImage], out: [out, kinds.optional(kinds.bytes)] });
  const planes = out ?? new Uint8Array(image.data.length);
  const plane = image.height * image.width;
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < plane; i++) planes[c * plane + i] = image.data[3 * i + c] ?? 0;
  return planes;
}
