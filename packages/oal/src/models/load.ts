/** Loading any model: an ONNX file of someone else, the folder of a hub's model, or a bundle. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  adaptClassifier,
  dataFilesOf,
  examineInput,
  examineModel,
  isOalError,
  oalError,
  type AdaptedClassifier,
  type Graph,
  type Interpolation,
  type ModelFacts,
  type ModelHints,
  type ModelInput,
  type PixelNormalisation,
  type ReadModel,
  type ReadOptions,
  type ResizeRule,
} from "oal-core";
import {
  factsFromMetadata,
  isHead,
  type BundleFacts,
  type Ingredient,
  type Preprocessing,
} from "../bundle/facts.js";
import { readBundle } from "../bundle/read.js";
import { sha256OfFile } from "../data/fileHashes.js";
import { readModelFile } from "../runtime/modelFile.js";
import { modelFileAt } from "./modelFileAt.js";
import { readBeside, type Beside } from "./beside.js";
import { classNamesOf, type ClassNames } from "./classNames.js";
import { innerNormalisation, namedNormalisations, wholeNumbers } from "./normalisations.js";
import { nameOf } from "./modelName.js";
import { approximationsOf, cutOf, type PictureCut, preprocessingOf } from "./howShown.js";
import { refuseOtherFormats } from "./otherFormats.js";
import { isWeightsFile, readWeightsModel } from "./weightsModel.js";

/** How a model is loaded. */
export interface LoadModelOptions {
  /** Names of the values that say what is what, where the file does not. */
  readonly hints?: ModelHints;
  /** What pixels become. Default: as the model's preprocessor_config.json or the file itself says; otherwise see {@link LoadedModel}. */
  readonly normalisation?: PixelNormalisation;
  /** The order in which the model takes colours, beside whatever else is found of its normalisation. Default: as found, usually RGB. */
  readonly order?: "rgb" | "bgr";
  /** Side of the pictures in pixels, where the file leaves it open. Default: as its preprocessor_config.json says, otherwise 224. */
  readonly size?: number;
  /**
   * What the shorter side of a picture becomes before the centre is cut out, or height and width, whatever its shape. Default: as
   * preprocessor_config.json says, else the shorter side becomes `size`.
   */
  readonly resize?: ResizeRule;
  readonly interpolation?: Interpolation;
  /** Names of the classes in the model's order, or the path of a file of them. */
  readonly classNames?: readonly string[] | string;
}

/** Where a normalisation comes from: the first three are facts, the others are beliefs that pictures can settle. */
export type NormalisationSource = "given" | "preprocessor_config.json" | "the file" | "guess" | "assumed";

/** A normalisation, and why it is believed. */
export interface KnownNormalisation extends PixelNormalisation {
  readonly name: string;
  readonly source: NormalisationSource;
  readonly evidence: readonly string[];
}

/** A model, whoever made it. */
export interface LoadedModel {
  readonly kind: "foreign" | "bundle" | "run";
  /** The ONNX file. */
  readonly path: string;
  /** SHA-256 of the file, and of the files its weights lie in. */
  readonly hash: string;
  readonly facts: ModelFacts;
  readonly preprocessing: Preprocessing;
  readonly cut: PictureCut;
  /** Sentences for people: where the files say something of pictures that oal has not, and what is done in its place. */
  readonly approximations: readonly string[];
  readonly normalisation: KnownNormalisation;
  /** In the order of the logits; null where nothing names them. */
  readonly classNames: readonly string[] | null;
  /** What the list of names calls each class besides, such as WordNet's ids; empty where nothing names them. */
  readonly classAliases: readonly (readonly string[])[];
  /** Where the names come from, "labels.txt"; null without names. */
  readonly classNamesFrom: string | null;
  readonly ingredients: readonly Ingredient[];
  /** What a bundle says of itself; null for a file of someone else. */
  readonly bundle: BundleFacts | null;
  /** The producer that the file names, "pytorch 2.3.0"; empty where it names none. */
  readonly producer: string;
  /** Whether the file computes with 16-bit floats; the classifier computes with 32-bit ones, on any device. */
  readonly isHalf: boolean;
  /** Whether the file leaves the size of pictures open, so that the one it is loaded with was chosen. */
  readonly isOfChosenSize: boolean;
  /** The classifier in a graph of its own, for any number of pictures; no outputs are marked. */
  classifier(): AdaptedClassifier;
  /** The same model with other numbers before its first layer. */
  normalised(normalisation: KnownNormalisation): LoadedModel;
}

/** Pictures are of this size where nothing says otherwise. */
const usualSize = 224;

/**
 * Loads a model file: a foreign ONNX file, a bundle, a folder with one ONNX file as hubs have them (model.onnx or onnx/model.onnx,
 * config.json, preprocessor_config.json), or "hf:OWNER/NAME[@REVISION]" of a hub model that is on this machine (`oal models pull`).
 * A .safetensors file is the network of ours that its weights belong to (docs/weights.md).
 *
 * @throws OAL-D101 when nothing is there, OAL-D162 for a hub model that was not fetched, OAL-I151 for a model in another
 *   format, OAL-I146 to OAL-I150 for one that is no classifier or
 *   does not fit, OAL-G112, OAL-G113 as `readModel`
 */
export async function loadModelFile(path: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const file = modelFileAt(path);
  if (!isWeightsFile(file)) await refuseOtherFormats(file);
  try {
    return await load(file, options);
  } catch (error) {
    throw inFile(error, file);
  }
}

async function load(path: string, options: LoadModelOptions): Promise<LoadedModel> {
  const { hints = {} } = options;
  const read = (more: ReadOptions): Promise<ReadModel> =>
    isWeightsFile(path) ? readWeightsModel(path, options.size) : readModelFile(path, more);
  const first = await read({});
  const bundle = factsFromMetadata(first.metadata) === null ? null : await readBundle(path);
  const beside = bundle ? {} : readBeside(path);
  if (bundle) refuseUnsquare(bundle);
  const asked: ModelHints = bundle ? { ...bundleHints(first), ...hints } : hints;
  const input = examineInput(first, asked);
  const isOpen = input.height === null || input.width === null;
  if (!isOpen && options.size !== undefined && options.size !== input.height)
    throw oalError("OAL-I150", {
      problem: `it takes pictures of ${input.height} x ${input.width} pixels, not of ${options.size}`,
    });
  const isHalf = holdsHalves(first.graph);
  const size = options.size ?? beside.preprocessing?.crop ?? usualSize;
  const model =
    isOpen || isHalf
      ? await read({
          ...(isOpen ? ofSize(first, input, size) : {}),
          ...(isHalf ? { halfPrecision: "widen" } : {}),
        })
      : first;
  const facts = examineModel(model, asked);
  const { height, width } = facts.input;
  if (height === null || height !== width)
    throw oalError("OAL-I150", {
      problem: `it takes pictures of ${height} x ${width} pixels; oal gives squares`,
    });
  const names = bundle
    ? { classes: bundle.classNames.map((name) => ({ name, aliases: [] })), from: "the bundle" }
    : classNamesOf(options.classNames, beside, model.metadata, facts.logits?.classes ?? null);
  const hash = await hashOf(path);
  const normalisation = normalisationOf(facts, options, beside, bundle);
  const preprocessing = preprocessingOf(height, options, beside, bundle, normalisation);
  return loaded({
    path,
    hash,
    model,
    isHalf,
    isOfChosenSize: isOpen,
    facts,
    bundle,
    names,
    preprocessing,
    cut: cutOf(height, options, beside, bundle),
    approximations: approximationsOf(height, options, beside),
    normalisation,
  });
}

/** Bundles that resize pictures themselves are models where they take squares of one size: what is done to these is a part of the model. */
function refuseUnsquare({ input: { resizing, height, width } }: BundleFacts): void {
  if (resizing === "outside" || (resizing === "fixed" && height === width)) return;
  const size = resizing === "free" ? "any size" : `${height} x ${width} pixels`;
  throw oalError("OAL-I150", {
    problem: `it resizes pictures of ${size} itself; give the model that it was exported from, or export it without --resize or for squares`,
  });
}

/** What a bundle calls its values. */
function bundleHints({ graph }: ReadModel): ModelHints {
  const features = graph.outputs.has("features") ? { features: "features" } : {};
  const heads = [...graph.outputs.keys()].flatMap((name): [string, string][] =>
    isHead(name) ? [[name.slice("heads.".length), name]] : [],
  );
  return {
    images: "images",
    logits: "logits",
    ...features,
    ...(heads.length > 0 ? { heads: Object.fromEntries(heads) } : {}),
  };
}

interface Parts {
  readonly path: string;
  readonly hash: string;
  readonly model: ReadModel;
  readonly isHalf: boolean;
  readonly isOfChosenSize: boolean;
  readonly facts: ModelFacts;
  readonly bundle: BundleFacts | null;
  readonly names: ClassNames | null;
  readonly preprocessing: Preprocessing;
  readonly cut: PictureCut;
  readonly approximations: readonly string[];
  readonly normalisation: KnownNormalisation;
}

function loaded(parts: Parts): LoadedModel {
  const { path, hash, model, isHalf, isOfChosenSize, facts, bundle, names, cut, approximations } = parts;
  const { preprocessing, normalisation } = parts;
  const { name, version } = model.producer;
  return {
    kind: bundle ? "bundle" : "foreign",
    path,
    hash,
    facts,
    preprocessing,
    cut,
    approximations,
    normalisation,
    classNames: names?.classes.map(({ name }) => name) ?? null,
    classAliases: names?.classes.map(({ aliases }) => aliases) ?? [],
    classNamesFrom: names?.from ?? null,
    ingredients: bundle?.ingredients ?? [
      { role: "start weights", name: nameOf(path), licence: "none stated", origin: path },
    ],
    bundle,
    isHalf,
    isOfChosenSize,
    producer: [name, version].filter((word) => word !== "").join(" "),
    classifier: () => {
      try {
        return adaptClassifier(model, facts, normalisation);
      } catch (error) {
        throw inFile(error, path);
      }
    },
    normalised: (other) =>
      loaded({
        ...parts,
        normalisation: other,
        preprocessing: { ...preprocessing, mean: [...other.mean], std: [...other.std] },
      }),
  };
}

/** Whether a file computes with 16-bit floats: read as 32-bit ones, its numbers are the same and its nodes are understood. */
function holdsHalves({ inputs, constants, nodes }: Graph): boolean {
  const values = [...inputs, ...constants, ...nodes.flatMap(({ outputs }) => outputs)];
  return values.some(({ knownType }) => knownType !== null && /^b?float16$/.test(knownType.dtype));
}

/** The input with numbers in place of its open sizes. */
function ofSize(model: ReadModel, input: ModelInput, size: number): ReadOptions {
  const value = model.graph.inputs.find(({ name }) => name === input.name);
  if (!value) throw oalError("OAL-X101", { problem: `the input ${input.name} is gone` });
  const ordered = input.layout === "nchw" ? [input.channels, size, size] : [size, size, input.channels];
  const numbers = input.batch === 0 ? ordered : [undefined, ...ordered];
  const known = value.dims.map((side, axis) => (typeof side === "string" ? (numbers[axis] ?? side) : side));
  const sizes = value.dims.flatMap((side, axis): [string, number][] => {
    const now = known[axis];
    return typeof side === "string" && typeof now === "number" ? [[side, now]] : [];
  });
  return {
    types: { [input.name]: { dtype: value.dtype, shape: known } },
    sizes: Object.fromEntries(sizes),
  };
}

/** What pixels become. A file that takes them as they are has the last word: no mean or deviation stands before its first layer. */
function normalisationOf(
  facts: ModelFacts,
  options: LoadModelOptions,
  beside: Beside,
  bundle: BundleFacts | null,
): KnownNormalisation {
  const elsewhere = options.normalisation ?? beside.normalisation;
  const unused = elsewhere ? ["A mean and a deviation from elsewhere have no place before it."] : [];
  if (bundle)
    return {
      name: "bundle",
      mean: bundle.preprocessing.mean,
      std: bundle.preprocessing.std,
      source: "the file",
      evidence: ["The bundle takes 8-bit pixels and normalises them itself.", ...unused],
    };
  const order = options.order ?? options.normalisation?.order;
  const ordered = order ? { order } : {};
  const whole = wholeNumbers(facts);
  if (whole) return { ...whole, ...ordered, source: "the file", evidence: [...whole.evidence, ...unused] };
  if (options.normalisation)
    return {
      name: "given",
      source: "given",
      evidence: ["Given by whoever loads the model."],
      ...options.normalisation,
      ...ordered,
    };
  if (beside.normalisation)
    return {
      ...beside.normalisation,
      ...ordered,
      source: "preprocessor_config.json",
      evidence: ["preprocessor_config.json beside the model says so."],
    };
  const inner = innerNormalisation(facts);
  if (inner) return { ...inner, ...ordered, source: "the file" };
  return {
    ...namedNormalisations.imagenet,
    ...ordered,
    name: "imagenet",
    source: "assumed",
    evidence: [
      "Nothing says what pixels become; ImageNet's mean and deviation are the most usual. Pictures can tell more.",
    ],
  };
}

async function hashOf(path: string): Promise<string> {
  if (isWeightsFile(path)) return sha256OfFile(path);
  const others = [...new Set(dataFilesOf(readFileSync(path)))].sort();
  const own = await sha256OfFile(path);
  if (others.length === 0) return own;
  const hash = createHash("sha256").update(own);
  for (const name of others) hash.update(await sha256OfFile(join(dirname(path), name)));
  return hash.digest("hex");
}

/** An error about "the model" with the file's name. */
function inFile(error: unknown, path: string): unknown {
  if (isOalError(error, "OAL-I146")) return oalError("OAL-I146", { ...error.details, path }, error);
  if (isOalError(error, "OAL-I147")) return oalError("OAL-I147", { ...error.details, path }, error);
  if (isOalError(error, "OAL-I148")) return oalError("OAL-I148", { ...error.details, path }, error);
  if (isOalError(error, "OAL-I149")) return oalError("OAL-I149", { ...error.details, path }, error);
  if (isOalError(error, "OAL-I150")) return oalError("OAL-I150", { ...error.details, path }, error);
  if (isOalError(error, "OAL-I153")) return oalError("OAL-I153", { ...error.details, path }, error);
  return error;
}
