/** From 8-bit RGB pictures to what a foreign model's input takes: normalised, in its layout, order of colours and element type. */
import {
  add,
  cast,
  concat,
  div,
  float32Tensor,
  floor,
  mul,
  reduceSum,
  slice,
  sub,
  transpose,
} from "../graph/index.js";
import type { Value } from "../graph/value.js";
import { type Normalisation, normaliseImages } from "../preprocess/index.js";
import type { ModelInput } from "./facts.js";

/** What pixels become before a model takes them. */
export interface PixelNormalisation extends Normalisation {
  /** Order of the colours that the model takes. Mean and std are those of red, green and blue all the same. Default "rgb". */
  readonly order?: "rgb" | "bgr";
}

/**
 * What a model's input is fed with.
 *
 * @param images uint8 [N, 3, H, W]
 * @returns the feed, and the normalised pictures float32 [N, channels, H, W] it is made of; null where the model takes bytes
 */
export function modelInput(
  images: Value,
  { dtype, layout, channels }: ModelInput,
  { mean, std, order = "rgb" }: PixelNormalisation,
): { readonly pixels: Value; readonly input: Value | null } {
  const laidOut = (value: Value): Value => {
    const ordered = order === "bgr" && channels === 3 ? reversedColours(value) : value;
    return cast(layout === "nhwc" ? transpose(ordered, [0, 2, 3, 1]) : ordered, dtype);
  };
  const shown = channels === 1 ? greyOf(images) : images;
  if (dtype.includes("int")) return { pixels: laidOut(shown), input: null };
  const isPlain =
    mean.every((value) => value === 0) && std.every((value) => Math.abs(255 * value - 1) < 1e-9);
  const input = isPlain
    ? cast(shown, "float32")
    : channels === 1
      ? div(sub(div(cast(shown, "float32"), 255), mean[0]), std[0])
      : normaliseImages(images, { mean, std });
  return { pixels: laidOut(input), input };
}

/** Blue, green, red. */
function reversedColours(value: Value): Value {
  return concat(
    [2, 1, 0].map((channel) => slice(value, [channel], [channel + 1], [1])),
    1,
  );
}

/**
 * The brightness of RGB pictures, uint8 [N, 1, H, W].
 *
 * @source Pillow `convert("L")`: (19595 R + 38470 G + 7471 B + 2^15) / 2^16, whole numbers that float32 holds exactly
 */
function greyOf(images: Value): Value {
  const weights = images.graph.constant(float32Tensor([1, 3, 1, 1], [19595, 38470, 7471]));
  const sum = reduceSum(mul(cast(images, "float32"), weights), [1], true);
  return cast(floor(div(add(sum, 32768), 65536)), "uint8");
}
