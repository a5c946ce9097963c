/** How a model is shown pictures: what whoever loads it says, and what its files do. */
import type { Interpolation, PixelNormalisation, ResizeRule } from "oal-core";
import type { BundleFacts, Preprocessing } from "../bundle/facts.js";
import { defaultMaxPixels } from "../data/pictures/limits.js";
import type { Beside } from "./beside.js";

/**
 * How it is known what is cut out of a picture: "told" by who loads the model or by its files; "unsaid": nothing says it, and the whole
 * picture is taken as far as it is square.
 */
export type PictureCut = "told" | "unsaid";

/** What whoever loads a model says of its pictures. */
interface PictureOptions {
  readonly resize?: ResizeRule;
  readonly interpolation?: Interpolation;
}

/** Of pictures of `size` pixels. */
export function cutOf(
  size: number,
  { resize }: PictureOptions,
  { preprocessing }: Beside,
  bundle: BundleFacts | null,
): PictureCut {
  if (bundle || resize !== undefined) return "told";
  return preprocessing?.crop === size ? "told" : "unsaid";
}

/** What of {@link Beside} is approximated and not overruled by whoever loads the model. */
export function approximationsOf(
  size: number,
  { resize, interpolation }: PictureOptions,
  { preprocessing }: Beside,
): readonly string[] {
  const { approximated = {}, crop } = preprocessing ?? {};
  const cut = resize === undefined && crop === size ? approximated.resize : undefined;
  const filter = interpolation === undefined ? approximated.interpolation : undefined;
  return [cut, filter].filter((sentence) => sentence !== undefined);
}

/** What is done to pictures: as whoever loads the model says, else its files; otherwise they are taken whole as far as they are square. */
export function preprocessingOf(
  size: number,
  { resize, interpolation }: PictureOptions,
  beside: Beside,
  bundle: BundleFacts | null,
  { mean, std }: Pick<PixelNormalisation, "mean" | "std">,
): Preprocessing {
  const known = (bundle?.input.resizing === "outside" && bundle.preprocessing) || {
    resize: beside.preprocessing?.crop === size ? beside.preprocessing.resize : size,
    interpolation: beside.preprocessing?.interpolation ?? "bilinear",
    orientation: "apply" as const,
    maxPixels: defaultMaxPixels,
  };
  return {
    resize: resize ?? known.resize,
    crop: size,
    interpolation: interpolation ?? known.interpolation,
    orientation: known.orientation,
    maxPixels: known.maxPixels,
    mean: [...mean],
    std: [...std],
  };
}
