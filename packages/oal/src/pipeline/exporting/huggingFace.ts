/** A folder as transformers.js loads it: `pixel_values` in, `logits` out, with the files that tell it how. */
import { createHash, randomInt } from "node:crypto";
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
import { z } from "zod";
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
const modelNames: readonly string[] = Object.values(fileOf);
const modelFolder = "onnx";
const configFile = "config.json";
const preprocessorFile = "preprocessor_config.json";
const cardFile = "README.md";

/**
 * Refuses a folder that holds anything but an earlier export: the whole folder is replaced, and what somebody else put into it (a
 * repository, a page that was edited) would be lost.
 *
 * @throws OAL-E275
 */
export function refuseForeignFolder(target: string): void {
  const refuse = (problem: string): never => {
    throw oalError("OAL-E275", { problem });
  };
  if (!existsSync(target)) return;
  if (!statSync(target).isDirectory())
    refuse(`${target} is a file: an export for transformers.js is a folder`);
  const names = readdirSync(target);
  if (names.length === 0) return;
  const card = names.includes(configFile) ? cardOf(target) : undefined;
  const models = names.includes(modelFolder) ? namesIn(join(target, modelFolder)) : [];
  const foreign = [
    ...names.filter((name) => ![configFile, preprocessorFile, cardFile, modelFolder].includes(name)),
    ...models.flatMap((name) => (modelNames.includes(name) ? [] : [join(modelFolder, name)])),
  ];
  const [other] = foreign;
  if (other !== undefined) refuse(`${target} holds other files (${other}): name a new folder`);
  if (card === undefined) refuse(`${target} is no export of this version of oal: name a new folder`);
  if (names.includes(cardFile) && sha256(readFileSync(join(target, cardFile))) !== card)
    refuse(`${join(target, cardFile)} was changed since it was exported: name a new folder, or move it away`);
}

/** The names in a folder; its own name where it is none. */
function namesIn(folder: string): string[] {
  return statSync(folder).isDirectory() ? readdirSync(folder) : [folder];
}

/** The hash of the page as it was exported; undefined in a folder that was not. */
function cardOf(folder: string): string | undefined {
  try {
    return z
      .looseObject({ oal_readme_sha256: z.string() })
      .parse(JSON.parse(readFileSync(join(folder, configFile), "utf8"))).oal_readme_sha256;
  } catch {
    return undefined;
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
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
    await makeFolder(join(aside, modelFolder));
    const models = [
      ["fp32", selected.graph],
      ...(precision === "fp32" ? [] : [[precision, network] as const]),
    ] as const;
    for (const [each, graph] of models) {
      const path = join(aside, modelFolder, fileOf[each]);
      await writeModelFile(path, withPixelValues(graph, facts), { name: facts.name, weightsBeside: false });
      await check(path, selected, engine, each);
    }
    const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    const told = { facts, changes, figures, precision, dtype: dtypeOf[precision], folder: basename(folder) };
    const card = modelCard(told);
    await writeFile(join(aside, configFile), json({ ...configOf(facts), oal_readme_sha256: sha256(card) }));
    await writeFile(join(aside, preprocessorFile), json(preprocessorOf(facts.preprocessing)));
    await writeFile(join(aside, cardFile), card);
    refuseForeignFolder(target); // what came into it meanwhile
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } catch (error) {
    if (aside !== undefined) await rm(aside, { recursive: true, force: true }).catch(() => undefined);
    throw targetError(target, error);
  }
  const names = [
    configFile,
    preprocessorFile,
    cardFile,
    ...readdirSync(join(folder, modelFolder)).map((name) => `${modelFolder}/${name}`),
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
    size: typeof resize === "number" ? { shortest_edge: resize } : { height: resize[0], width: resize[1] },
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
