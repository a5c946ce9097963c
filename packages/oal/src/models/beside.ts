/** What lies beside a foreign model: config.json and preprocessor_config.json of hubs, lists of class names. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { oalError, type Interpolation, type PixelNormalisation, type ResizeRule } from "oal-core";
import { z } from "zod";

/** What was found beside a model. */
export interface Beside {
  readonly normalisation?: PixelNormalisation & { readonly name: string };
  readonly preprocessing?: {
    readonly resize: ResizeRule;
    readonly crop: number;
    readonly interpolation: Interpolation;
  };
  /** Class names by their number, from config.json. */
  readonly classNames?: readonly string[];
  /** The folders where lists of names may lie, nearest first. */
  readonly folders?: readonly string[];
}

const triple = z.array(z.number()).length(3);
const side = z.number().int().min(1);
const sizeSchema = z.union([
  side,
  z.looseObject({ shortest_edge: side.optional(), height: side.optional(), width: side.optional() }),
]);

/** preprocessor_config.json of transformers; what it says beyond this is of no consequence here. */
const preprocessorSchema = z.looseObject({
  do_normalize: z.boolean().optional(),
  image_mean: triple.nullish(),
  image_std: triple.nullish(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().positive().optional(),
  size: sizeSchema.nullish(),
  do_center_crop: z.boolean().optional(),
  crop_size: sizeSchema.nullish(),
  crop_pct: z.number().positive().nullish(),
  resample: z.number().int().nullish(),
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
});

/** config.json of transformers, and of timm (pretrained_cfg). */
const configSchema = z.looseObject({
  id2label: z.record(z.string(), z.unknown()).nullish(),
  label_names: z.array(z.string()).nullish(),
  pretrained_cfg: z
    .looseObject({
      input_size: z.array(side).length(3).nullish(),
      mean: triple.nullish(),
      std: triple.nullish(),
      crop_pct: z.number().positive().nullish(),
      crop_mode: z.string().nullish(),
      interpolation: z.string().nullish(),
      label_names: z.array(z.string()).nullish(),
    })
    .nullish(),
});

/**
 * Reads what lies beside a model file, or in the folder above "onnx".
 *
 * @throws OAL-I154 for a file that should be JSON and is not, or holds something else
 */
export function readBeside(path: string): Beside {
  const own = dirname(path);
  const folders = basename(own) === "onnx" ? [own, dirname(own)] : [own];
  const config = readJson(folders, "config.json", configSchema);
  const processor = readJson(folders, "preprocessor_config.json", preprocessorSchema);
  return {
    folders,
    ...(config ? fromConfig(config) : {}),
    ...(processor ? fromProcessor(processor) : {}),
  };
}

function readJson<Schema extends z.ZodType>(
  folders: readonly string[],
  name: string,
  schema: Schema,
): z.output<Schema> | null {
  const path = folders.map((folder) => join(folder, name)).find((each) => existsSync(each));
  if (path === undefined) return null;
  let text: unknown;
  try {
    text = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw oalError("OAL-I154", { path, problem: "it is no JSON" }, error);
  }
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw oalError("OAL-I154", {
    path,
    problem: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not as it should be"}`,
  });
}

function fromConfig({ id2label, label_names, pretrained_cfg: timm }: z.output<typeof configSchema>): Beside {
  const listed = timm?.label_names ?? label_names;
  const numbered = Object.entries(id2label ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  const names = listed ?? numbered.map(([, name]) => String(name));
  const size = timm?.input_size?.[1];
  const resize = Math.floor((size ?? 0) / (timm?.crop_pct ?? 1));
  const [mean, std] = [timm?.mean, timm?.std];
  return {
    ...(names.length > 0 ? { classNames: names } : {}),
    ...(mean && std ? { normalisation: { name: "config.json", mean: three(mean), std: three(std) } } : {}),
    ...(size === undefined
      ? {}
      : {
          preprocessing: {
            resize: timm?.crop_mode === "squash" ? [resize, resize] : resize,
            crop: size,
            interpolation: timm?.interpolation === "bilinear" ? "bilinear" : "bicubic",
          },
        }),
  };
}

/** Pillow's numbers of filters; those that oal has not become the nearest one. */
const filters: Readonly<Record<number, Interpolation>> = {
  0: "nearest",
  1: "bicubic",
  2: "bilinear",
  3: "bicubic",
};

function fromProcessor(given: z.output<typeof preprocessorSchema>): Beside {
  const scale = given.do_rescale === false ? 255 : 255 * (given.rescale_factor ?? 1 / 255);
  const isNormalised = given.do_normalize !== false && given.image_mean && given.image_std;
  const mean = isNormalised && given.image_mean ? given.image_mean : [0, 0, 0];
  const std = isNormalised && given.image_std ? given.image_std : [1, 1, 1];
  const normalisation = {
    name: "preprocessor_config.json",
    mean: three(mean.map((value) => value / scale)),
    std: three(std.map((value) => value / scale)),
  };
  const size = sideOf(given.size);
  const cropped = given.do_center_crop === false ? undefined : sideOf(given.crop_size);
  const crop = cropped ?? size;
  if (crop === undefined) return { normalisation };
  refuseOblong(given.size, cropped);
  return {
    normalisation,
    preprocessing: {
      resize: resizeOf(given, crop),
      crop,
      interpolation: filters[given.resample ?? 2] ?? "bilinear",
    },
  };
}

type Size = z.output<typeof preprocessorSchema>["size"];

function sideOf(size: Size): number | undefined {
  if (typeof size === "number" || !size) return size ?? undefined;
  return size.shortest_edge ?? size.height;
}

function refuseOblong(size: Size, crop: number | undefined): void {
  if (typeof size !== "object" || !size?.width || crop !== undefined) return;
  const { height, width } = size;
  if (height !== width)
    throw oalError("OAL-I150", {
      problem: `preprocessor_config.json makes pictures of ${height} x ${width} pixels; oal gives squares`,
    });
}

/** From this shortest edge on, processors with a share for the centre squeeze whole pictures. */
const squeezedFrom = 384;

/**
 * What pictures are resized to. A height and a width are taken as they are. One number is the shortest edge, of some processors the side
 * of a square. With a share for the centre (`crop_pct`) the shortest edge is that of the centre.
 *
 * @source transformers `get_size_dict`, `ConvNextImageProcessor.resize`
 */
function resizeOf(given: z.output<typeof preprocessorSchema>, crop: number): ResizeRule {
  const { size, crop_pct: share } = given;
  const side = sideOf(size) ?? crop;
  const type = given.image_processor_type ?? given.feature_extractor_type ?? "";
  if (typeof size === "number" && squaring.test(type)) return [size, size];
  if (typeof size === "object" && size?.shortest_edge === undefined && size?.height !== undefined)
    return [size.height, size.width ?? size.height];
  if (typeof share !== "number" || side !== crop) return side;
  return side < squeezedFrom ? Math.floor(side / share) : [side, side];
}

/** Processors of transformers for which one number as size means a square. */
const squaring = /^(ViT|DeiT|Beit|EfficientNet|Siglip)(FeatureExtractor|ImageProcessor)/;

function three([a = 0, b = 0, c = 0]: readonly number[]): [number, number, number] {
  return [a, b, c];
}
