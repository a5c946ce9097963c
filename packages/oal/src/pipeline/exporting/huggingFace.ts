/** A folder as transformers.js loads it: `pixel_values` in, `logits` out, with the files that tell it how. */
import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  add,
  cast,
  clip,
  float32Tensor,
  floor,
  Graph,
  inline,
  mul,
  oalError,
  toNumbers,
  type Engine,
  type Tensor,
  type Value,
} from "oal-core";
import type { BundleFacts, Preprocessing } from "../../bundle/facts.js";
import { allowedDifference } from "../../bundle/check.js";
import { makeFolder } from "../../runtime/makeFolder.js";
import { writeModelFile } from "../../runtime/modelFile.js";
import { imagesFor, type Changes } from "./changes.js";
import { drawnPicture } from "./drawnPictures.js";
import type { ExportFigure } from "./figures.js";
import type { Exported } from "./exportOptions.js";
import { modelCard } from "./modelCard.js";
import type { Assembled } from "./selection.js";
import { targetError } from "./targetError.js";

/** What becomes a folder. */
export interface FolderContents {
  /** With 32 bits. */
  readonly selected: Assembled;
  /** In the precision asked for. */
  readonly network: Graph;
  readonly facts: BundleFacts;
  readonly precision: "fp32" | "fp16" | "int8";
  readonly changes: Changes | undefined;
  readonly figures: readonly ExportFigure[];
}

/** What transformers.js calls the files of its precisions. */
const fileOf = { fp32: "model.onnx", fp16: "model_fp16.onnx", int8: "model_quantized.onnx" } as const;
/** Its name of each of them, as option `dtype`. */
const dtypeOf = { fp32: "fp32", fp16: "fp16", int8: "q8" } as const;
const configFile = "config.json";

/**
 * Refuses a folder that holds anything but an earlier export.
 *
 * @throws OAL-E275
 */
export function refuseForeignFolder(target: string): void {
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory())
    throw oalError("OAL-E275", { problem: `${target} is a file: an export for transformers.js is a folder` });
  if (readdirSync(target).length === 0 || isOurs(target)) return;
  throw oalError("OAL-E275", { problem: `${target} holds other files: name a new folder` });
}

function isOurs(folder: string): boolean {
  try {
    const config: unknown = JSON.parse(readFileSync(join(folder, configFile), "utf8"));
    return typeof config === "object" && config !== null && "oal_version" in config;
  } catch {
    return false;
  }
}

/**
 * Writes the folder aside, runs its models, and gives it its name.
 *
 * @throws OAL-I145 where a model does not say what the bundle says; OAL-I161
 */
export async function writeHuggingFace(
  target: string,
  contents: FolderContents,
  engine: Engine,
): Promise<Omit<Exported, "changes">> {
  const { selected, network, facts, precision, changes, figures } = contents;
  const folder = resolve(target);
  let aside: string | undefined;
  try {
    await makeFolder(dirname(folder));
    aside = `${folder}.${process.pid}${randomInt(2 ** 40)}`;
    await makeFolder(join(aside, "onnx"));
    const models = [
      ["fp32", selected.graph],
      ...(precision === "fp32" ? [] : [[precision, network] as const]),
    ] as const;
    for (const [each, graph] of models) {
      const path = join(aside, "onnx", fileOf[each]);
      await writeModelFile(path, withPixelValues(graph, facts), { name: facts.name, weightsBeside: false });
      await check(path, selected, engine, each);
    }
    const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    await writeFile(join(aside, configFile), json(configOf(facts)));
    await writeFile(join(aside, "preprocessor_config.json"), json(preprocessorOf(facts.preprocessing)));
    const card = { facts, changes, figures, precision, dtype: dtypeOf[precision], folder: basename(folder) };
    await writeFile(join(aside, "README.md"), modelCard(card));
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } catch (error) {
    if (aside !== undefined) await rm(aside, { recursive: true, force: true }).catch(() => undefined);
    throw targetError(target, error);
  }
  const names = [
    configFile,
    "preprocessor_config.json",
    "README.md",
    ...readdirSync(join(folder, "onnx")).map((name) => `onnx/${name}`),
  ];
  const files = names.map((name) => join(target, name));
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  const decider = facts.detectors.filter(({ id }) => id === facts.decides);
  return { path: target, files, bytes, facts: { ...facts, detectors: decider } };
}

/**
 * The graph behind normalised pixels. They are made into the bytes again that they come from, so that what is computed is bit for bit
 * what the bundle computes.
 */
function withPixelValues(
  graph: Graph,
  { preprocessing: { crop, mean, std }, detectors, decides }: BundleFacts,
): Graph {
  const made = new Graph();
  const pixels = made.input("pixel_values", { dtype: "float32", shape: ["batch", 3, crop, crop] });
  const decider = detectors.find(({ id }) => id === decides)?.outputs;
  const names = ["logits", ...(decider ? [decider.score, decider.pValue, decider.known] : [])];
  for (const name of names) made.reserveOutput(name);
  const channel = (values: readonly number[]): Value =>
    made.constant(
      float32Tensor(
        [1, 3, 1, 1],
        values.map((value) => 255 * value),
      ),
    );
  const bytes = add(add(mul(pixels, channel(std)), channel(mean)), 0.5);
  const images = cast(clip(floor(bytes), 0, 255), "uint8");
  const wanted = names.flatMap((name) => graph.outputs.get(name) ?? []);
  const copies = inline(made, graph, new Map(graph.inputs.map((input) => [input, images])), { wanted });
  for (const name of names) {
    const value = graph.outputs.get(name);
    const copy = value && copies.get(value);
    if (copy) made.output(name, copy);
  }
  return made;
}

/** Runs a written model on drawn pictures: with 32 bits it must say what the bundle says, with fewer it must run. */
async function check(
  path: string,
  { graph, facts }: Assembled,
  engine: Engine,
  precision: string,
): Promise<void> {
  const { crop, mean, std } = facts.preprocessing;
  const images = imagesFor(
    [0, 1].map((index) => drawnPicture(index, crop, crop)),
    facts,
  );
  const plane = crop * crop;
  const values = Float32Array.from(toNumbers(images), (byte, i) => {
    const channel = Math.floor(i / plane) % 3;
    return (byte / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1);
  });
  const sessions = [await engine.compile(graph), await engine.open(path)] as const;
  try {
    const { logits: wanted } = await sessions[0].run({ images }, ["logits"]);
    const { logits: found } = await sessions[1].run({ pixel_values: float32Tensor(images.shape, values) }, [
      "logits",
    ]);
    const difference = differenceOf(wanted, found);
    const allowed = precision === "fp32" ? allowedDifference * largestOf(wanted) : Infinity;
    if (!(difference <= allowed)) throw oalError("OAL-I145", { path, output: "logits", difference, allowed });
  } finally {
    for (const session of sessions) await session.release();
  }
}

function largestOf(tensor: Tensor | undefined): number {
  return Array.from(tensor?.data ?? [], Number).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function differenceOf(a: Tensor | undefined, b: Tensor | undefined): number {
  const [left, right] = [a, b].map((tensor) => Array.from(tensor?.data ?? [], Number));
  if (!left || !right || left.length === 0 || left.length !== right.length) return Infinity;
  return left.reduce((most, value, i) => Math.max(most, Math.abs(value - (right[i] ?? NaN))), 0);
}

/** What transformers.js reads of a classifier. The kind of model only has to be one that its image classification takes. */
function configOf({ classNames, version, decides, notes }: BundleFacts): Record<string, unknown> {
  return {
    model_type: "resnet",
    architectures: ["ResNetForImageClassification"],
    id2label: Object.fromEntries(classNames.map((name, index) => [String(index), name])),
    label2id: Object.fromEntries(classNames.map((name, index) => [name, index])),
    num_labels: classNames.length,
    oal_version: version,
    oal_detector: decides,
    oal_notes: notes,
  };
}

/**
 * Pillow's numbers of the interpolations, as transformers.js 4 takes them. Its "bilinear" and "bicubic" do not average where they reduce, as
 * Pillow's do; its "lanczos" does, and comes much closer to what the model was fitted with.
 */
const resample = { nearest: 0, bilinear: 1, bicubic: 1 } as const;

function preprocessorOf({ resize, crop, interpolation, mean, std }: Preprocessing): Record<string, unknown> {
  return {
    image_processor_type: "CLIPImageProcessor",
    do_resize: true,
    size: { shortest_edge: resize },
    resample: resample[interpolation],
    do_center_crop: true,
    crop_size: { height: crop, width: crop },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}
