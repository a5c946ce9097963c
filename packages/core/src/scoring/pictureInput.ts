/** A picture as the input of a model file, as the file's own metadata say. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { anImage } from "../preprocess/image.js";
import { anInterpolation, aResizeRule } from "../preprocess/resize.js";
import {
  preprocessImage,
  toPlanes,
  type Interpolation,
  type ResizeRule,
  type RgbImage,
} from "../preprocess/index.js";

/** How a model file wants its pictures: of `oal.preprocessing` and `oal.input`. */
export interface PictureRule {
  readonly preprocessing: {
    readonly resize: ResizeRule;
    readonly crop: number;
    readonly interpolation: Interpolation;
  };
  readonly input: {
    /** Order of the axes: planes of colours, or the three colours of a pixel side by side. */
    readonly layout: "nchw" | "nhwc";
    /** Who resizes: we, before the graph; or the graph, pictures of one size or of any. */
    readonly resizing: "outside" | "fixed" | "free";
    /** Sides of the input in pixels; null where they are free. */
    readonly height: number | null;
    readonly width: number | null;
  };
}

/** One picture as the graph takes it, without its batch axis. */
export interface PictureInput {
  readonly data: Uint8Array;
  /** [3, H, W] or [H, W, 3] */
  readonly shape: readonly [number, number, number];
}

const aRule = kinds.fields({
  preprocessing: kinds.fields({
    resize: aResizeRule,
    crop: kinds.positiveCount,
    interpolation: anInterpolation,
  }),
  input: kinds.fields({
    layout: kinds.oneOf(["nchw", "nhwc"]),
    resizing: kinds.oneOf(["outside", "fixed", "free"]),
    height: kinds.nullable(kinds.positiveCount),
    width: kinds.nullable(kinds.positiveCount),
  }),
});

/**
 * Resizes, crops and lays out a picture as a model file wants it.
 *
 * @param image upright, 8-bit RGB
 * @param id what the picture is called, for the error
 * @throws OAL-I165 for a picture of another size than the only one that the file takes
 */
export function pictureInput(image: RgbImage, rule: PictureRule, id: string): PictureInput {
  expectArguments("pictureInput", {
    image: [image, anImage],
    rule: [rule, aRule],
    id: [id, kinds.text],
  });
  const { preprocessing, input } = rule;
  const { layout, resizing, height, width } = input;
  if (resizing === "fixed" && (image.height !== height || image.width !== width))
    throw oalError("OAL-I165", {
      id,
      size: `${image.width} x ${image.height}`,
      wanted: `${width} x ${height}`,
    });
  const made = resizing === "outside" ? preprocessImage(image, preprocessing) : image;
  return layout === "nchw"
    ? { data: toPlanes(made), shape: [3, made.height, made.width] }
    : { data: made.data, shape: [made.height, made.width, 3] };
}
