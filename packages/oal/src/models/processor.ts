/** What preprocessor_config.json of transformers says: its processors differ in what the same keys mean, and in what they do besides. */
import { oalError, type Interpolation, type PixelNormalisation, type ResizeRule } from "oal-core";
import { z } from "zod";

const triple = z.array(z.number()).length(3);
const side = z.number().int().min(1);
const sizeSchema = z
  .union([
    side,
    z.looseObject({ shortest_edge: side.nullish(), height: side.nullish(), width: side.nullish() }),
  ])
  .nullish();

/** preprocessor_config.json; what it says beyond this is of no consequence here. */
export const processorSchema = z.looseObject({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: triple.nullish(),
  image_std: triple.nullish(),
  include_top: z.boolean().nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().positive().nullish(),
  rescale_offset: z.boolean().nullish(),
  do_flip_channel_order: z.boolean().nullish(),
  size: sizeSchema,
  do_center_crop: z.boolean().nullish(),
  crop_size: sizeSchema,
  crop_pct: z.number().positive().nullish(),
  resample: z.number().int().nullish(),
});

type Processor = z.output<typeof processorSchema>;
type Size = z.output<typeof sizeSchema>;

/** How pictures come to a model's size, as files say. */
export interface PictureFacts {
  readonly resize: ResizeRule;
  readonly crop: number;
  readonly interpolation: Interpolation;
  /** Where oal has not what a file says, and takes the nearest thing: a sentence for people, by what it is about. */
  readonly approximated?: { readonly resize?: string; readonly interpolation?: string };
}

/** What it says of a model's pictures. */
export interface ProcessorFacts {
  readonly normalisation: PixelNormalisation & { readonly name: string };
  readonly preprocessing?: PictureFacts;
}

/** "ViT" of a ViTImageProcessor, ViTFeatureExtractor or ViTImageProcessorFast; empty where none is named. */
function kindOf({ image_processor_type: now, feature_extractor_type: before }: Processor): string {
  return (now ?? before ?? "").replace(/(ImageProcessor|FeatureExtractor).*$/, "");
}

/** Pillow's filters by their numbers. */
const filters = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

/**
 * The interpolation that a file names, in Pillow's or timm's words, and a sentence where oal has not that one.
 *
 * @param file  what says it, "config.json"
 */
export function interpolationOf(
  name: string | undefined,
  file: string,
): Pick<PictureFacts, "interpolation"> & { readonly sentence?: string } {
  if (name === "bilinear" || name === "bicubic" || name === "nearest") return { interpolation: name };
  const interpolation = name === "box" || name === "hamming" ? "bilinear" : "bicubic";
  const sentence = `${file} resizes pictures by ${name ?? "a filter that is not named"}, which oal has not; ${interpolation} comes nearest and is taken`;
  return { interpolation, sentence };
}

/**
 * Reads it.
 *
 * @throws OAL-I150 where pictures would be no squares
 */
export function fromProcessor(given: Processor): ProcessorFacts {
  const normalisation = normalisationOf(given);
  const cropped = given.do_center_crop === false ? undefined : sideOf(given.crop_size);
  const crop = cropped ?? sideOf(given.size);
  if (crop === undefined) return { normalisation };
  if (cropped === undefined) refuseOblong(given.size);
  const { interpolation, sentence } = interpolationOf(
    filters[given.resample ?? 2],
    "preprocessor_config.json",
  );
  return {
    normalisation,
    preprocessing: {
      resize: resizeOf(given, crop),
      crop,
      interpolation,
      ...(sentence === undefined ? {} : { approximated: { interpolation: sentence } }),
    },
  };
}

/**
 * What pixels in 0..1 become: (pixel - mean) / std, of what the file says of rescaled ones. EfficientNet's processor divides by the
 * deviation twice where the model has its last layers (`include_top`); with `rescale_offset` rescaled pixels are 1 less.
 *
 * @source transformers `EfficientNetImageProcessor`, `MobileViTImageProcessor`
 */
function normalisationOf(given: Processor): ProcessorFacts["normalisation"] {
  const kind = kindOf(given);
  const scale = given.do_rescale === false ? 255 : 255 * (given.rescale_factor ?? 1 / 255);
  const offset = given.rescale_offset === true ? 1 : 0;
  const isNormalised = given.do_normalize !== false && given.image_mean && given.image_std;
  const isDividedAgain = kind === "EfficientNet" && given.include_top !== false;
  const flips = given.do_flip_channel_order ?? kind === "MobileViT";
  const of = (values: readonly number[] | null | undefined, otherwise: number, c: number): number =>
    values?.[c] ?? otherwise;
  const channels = [0, 1, 2].map((c) => {
    const mean = (isNormalised ? of(given.image_mean, 0, c) : 0) + offset;
    const std = of(given.image_std, 1, c);
    const divisor = (isNormalised ? std : 1) * (isDividedAgain ? std : 1);
    return { mean: mean / scale, std: divisor / scale };
  });
  const three = (key: "mean" | "std"): [number, number, number] => {
    const [a = 0, b = 0, c = 0] = channels.map((each) => each[key]);
    return [a, b, c];
  };
  return {
    name: "preprocessor_config.json",
    mean: three("mean"),
    std: three("std"),
    ...(flips ? { order: "bgr" } : {}),
  };
}

function sideOf(size: Size): number | undefined {
  if (typeof size === "number") return size;
  return size?.shortest_edge ?? size?.height ?? undefined;
}

/** Height and width, where these are what a processor goes by. */
function bothSides(size: Size): { readonly height: number; readonly width: number } | undefined {
  if (typeof size !== "object" || !size?.height || size.shortest_edge) return undefined;
  return { height: size.height, width: size.width ?? size.height };
}

function refuseOblong(size: Size): void {
  const { height, width } = bothSides(size) ?? {};
  if (height !== width)
    throw oalError("OAL-I150", {
      problem: `preprocessor_config.json makes pictures of ${height} x ${width} pixels; oal gives squares`,
    });
}

/** Processors for which one number as size is the side of a square; for the others it is the shortest edge. */
const squaring = ["ViT", "DeiT", "Beit", "EfficientNet", "Siglip"];

/** From this shortest edge on ConvNeXT's processor squeezes whole pictures. */
const squeezedFrom = 384;

/**
 * What pictures are resized to: height and width as they are, or a shortest edge, of which some processors make more, so that the centre
 * that is kept afterwards is a share of it.
 *
 * @source transformers `get_size_dict` and `resize` of `ConvNextImageProcessor`, `PoolFormerImageProcessor`, `LevitImageProcessor`
 */
function resizeOf(given: Processor, crop: number): ResizeRule {
  const kind = kindOf(given);
  const { size, crop_pct } = given;
  const edge = sideOf(size) ?? crop;
  const both = bothSides(size);
  const share = crop_pct ?? (kind === "ConvNext" ? 224 / 256 : undefined);
  if (share !== undefined && (!both || both.height === both.width))
    return kind !== "PoolFormer" && edge >= squeezedFrom ? [edge, edge] : Math.trunc(edge / share);
  if (both) return [both.height, both.width];
  if (typeof size === "number" && squaring.includes(kind)) return [size, size];
  return kind === "Levit" ? Math.trunc((256 / 224) * edge) : edge;
}
