/** What lies beside a foreign model: config.json and preprocessor_config.json of hubs, lists of class names. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import {
  fromProcessor,
  interpolationOf,
  type PictureFacts,
  type ProcessorFacts,
  processorSchema,
} from "./processor.js";

/** What was found beside a model. */
export interface Beside extends Partial<ProcessorFacts> {
  /** Class names by their number, from config.json. */
  readonly classNames?: readonly string[];
  /** The folders where lists of names may lie, nearest first. */
  readonly folders?: readonly string[];
}

const triple = z.array(z.number()).length(3);
const side = z.number().int().min(1);
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
  const processor = readJson(folders, "preprocessor_config.json", processorSchema);
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

/** The share of a picture's shorter side that timm's models see where their configuration does not say it (`DEFAULT_CROP_PCT`). */
const timmShare = 0.875;

function fromConfig({ id2label, label_names, pretrained_cfg: timm }: z.output<typeof configSchema>): Beside {
  const listed = timm?.label_names ?? label_names;
  const numbered = Object.entries(id2label ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  const names = listed ?? numbered.map(([, name]) => String(name));
  const [mean, std] = [timm?.mean, timm?.std];
  return {
    ...(names.length > 0 ? { classNames: names } : {}),
    ...(mean && std ? { normalisation: { name: "config.json", mean: three(mean), std: three(std) } } : {}),
    ...(timm?.input_size ? { preprocessing: ofTimm(timm, timm.input_size) } : {}),
  };
}

type TimmConfig = NonNullable<z.output<typeof configSchema>["pretrained_cfg"]>;

/**
 * How timm's evaluation makes pictures.
 *
 * @source timm `resolve_data_config`, `transforms_imagenet_eval`
 */
function ofTimm(timm: TimmConfig, [, size = 0]: readonly number[]): PictureFacts {
  const resize = Math.floor(size / (timm.crop_pct ?? timmShare));
  const { interpolation, sentence } = interpolationOf(timm.interpolation ?? "bicubic", "config.json");
  const padded =
    timm.crop_mode === "border"
      ? "config.json (crop_mode border) pads pictures to a square, which oal does not; their centre is taken"
      : undefined;
  return {
    resize: timm.crop_mode === "squash" ? [resize, resize] : resize,
    crop: size,
    interpolation,
    approximated: {
      ...(padded === undefined ? {} : { resize: padded }),
      ...(sentence === undefined ? {} : { interpolation: sentence }),
    },
  };
}

function three([a = 0, b = 0, c = 0]: readonly number[]): [number, number, number] {
  return [a, b, c];
}
