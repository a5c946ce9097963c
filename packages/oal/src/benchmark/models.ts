/** The models of a benchmark: anything that is a classifier, brought to the protocol's pictures and classes. */
import { join } from "node:path";
import { oalError, type Engine } from "oal-core";
import { resizeWords } from "../bundle/cutWords.js";
import { cacheFolder } from "../data/cacheFolder.js";
import { matchNames } from "../fitting/classes.js";
import { normalisedBy } from "../fitting/normalised.js";
import { checkTaps } from "../models/checkTaps.js";
import type { LoadedModel, LoadModelOptions } from "../models/load.js";
import { loadModel } from "../pipeline/loadModel.js";
import type { OpenedProtocol } from "./openProtocol.js";
import { isKnown } from "./protocol.js";
import type { BenchmarkSet } from "./sets.js";

/** A model as it is asked for: a name, and a file for each of its seeds. */
export interface AskedModels {
  /** In tables: "ce". */
  readonly name: string;
  /** An ONNX file, a bundle, a run, a hub folder or name, weights; one for each seed. */
  readonly files: readonly string[];
}

/** One file of a model, opened. */
export interface OpenedModel {
  readonly name: string;
  /** Its place among the files of its name, from 0. */
  readonly seed: number;
  readonly loaded: LoadedModel;
  /** Class index of the model for a label of the protocol. */
  readonly classOf: readonly number[];
  /** What was settled about it, in sentences. */
  readonly notes: readonly string[];
}

/** How models are opened. */
export interface OpenModelsOptions {
  readonly engine: Engine;
  readonly load: LoadModelOptions;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a model for a protocol.
 *
 * @param sets  the opened sets: known ones name the classes, and pictures of theirs settle a normalisation that nothing says
 * @throws OAL-C311 for a model of other classes, OAL-I147 for one without class scores, and as `loadModel` does
 */
export async function openModel(
  { protocol }: OpenedProtocol,
  { name, file, seed }: { readonly name: string; readonly file: string; readonly seed: number },
  sets: readonly BenchmarkSet[],
  { engine, load, signal }: OpenModelsOptions,
): Promise<OpenedModel> {
  const notes: string[] = [];
  const first = await loadModel(file, load);
  const { pictures } = protocol;
  const fits = pictures?.crop === first.preprocessing.crop ? pictures : undefined;
  const isOpen = first.kind === "foreign" && first.cut === "unsaid";
  const resizes =
    fits && isOpen && JSON.stringify(fits.resize) !== JSON.stringify(first.preprocessing.resize);
  let loaded = resizes ? await loadModel(file, { ...load, resize: fits.resize }) : first;
  notes.push(...loaded.approximations);
  if (resizes) notes.push(`pictures are resized (${resizeWords(fits.resize)}), as the protocol says`);
  await checkTaps(loaded, engine);
  if (loaded.normalisation.source === "assumed" && fits) {
    const { mean, std } = fits;
    const { order } = loaded.normalisation;
    loaded = loaded.normalised({
      mean,
      std,
      ...(order ? { order } : {}),
      name: protocol.id,
      source: "given",
      evidence: ["The protocol says what its models take."],
    });
    notes.push("nothing says what pixels become; the mean and deviation of the protocol are taken");
  } else if (loaded.normalisation.source === "assumed")
    loaded = await normalisedBy(foundIn(sets), loaded, {
      engine,
      cache: join(cacheFolder(), "features"),
      signal,
      onMessage: (sentence) => notes.push(sentence),
    });
  const { classOf, sentence } = classesOf(loaded, protocol.classes, sets, name, file);
  return { name, seed, loaded, classOf, notes: sentence === undefined ? notes : [...notes, sentence] };
}

/** Known pictures to try a normalisation on: those of the validation, which nothing else is measured by. */
function foundIn(sets: readonly BenchmarkSet[]): Parameters<typeof normalisedBy>[0] {
  const known =
    sets.find(({ set }) => set.role === "validation") ?? sets.find(({ set }) => isKnown(set.role));
  return {
    path: known?.spec.path ?? "",
    folders: known?.source.classNames ?? [],
    sources: known ? [{ source: known.source }] : [],
    warnings: [],
  };
}

/** Which class of the model a label of the protocol stands for. */
function classesOf(
  { facts, classNames, classAliases }: LoadedModel,
  told: readonly string[] | number | null,
  sets: readonly BenchmarkSet[],
  name: string,
  file: string,
): { readonly classOf: readonly number[]; readonly sentence?: string } {
  const own = facts.logits?.classes ?? 0;
  const known = sets.filter(({ set }) => isKnown(set.role));
  const found = known.map(({ source }) => source.classNames).find((names) => names.length > 0) ?? [];
  const largest = Math.max(0, ...known.map(({ labels }) => labels.reduce((a, b) => Math.max(a, b), -1) + 1));
  const count = typeof told === "number" ? told : (told?.length ?? Math.max(found.length, largest));
  const names = Array.isArray(told) ? told : found;
  const inOrder = Array.from({ length: count }, (_, label) => label);
  const match = names.length === count ? matchNames(names, classNames, classAliases) : { reason: "" };
  if (count === own) {
    if (!("indices" in match) || match.indices.every((index, label) => index === label))
      return { classOf: inOrder };
    return {
      classOf: match.indices,
      sentence: "the model has the same classes in another order, and labels follow its names",
    };
  }
  if ("indices" in match)
    return {
      classOf: match.indices,
      sentence: `the known classes are ${count} of the model's ${own}, found by their names`,
    };
  throw oalError("OAL-C311", { name, file, classes: own, protocol: count, why: match.reason });
}
