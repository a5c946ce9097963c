/** Which files of a hub model are fetched: the model, the weights that belong to it, and what says how pictures go in. */
import { oalError, suggest } from "oal-core";
import { choosePipeline, holdsWeightsOf } from "./choosePipeline.js";
import { matchesGlob } from "./glob.js";
import { writtenName, type HubName } from "./name.js";

/** What says how pictures go in and what classes are called. */
const companions = ["config.json", "preprocessor_config.json", "labels.txt"];
/** Where exports put the model, the likeliest first. */
const usualModels = ["onnx/model.onnx", "model.onnx"];
const usualWeights = "model.safetensors";

/**
 * The files to fetch, in the order of the listing.
 *
 * Of a model: its ONNX file (onnx/model.onnx, model.onnx, or the only one there), the files beside it that hold its weights, and the
 * configuration files; where there is no ONNX file, model.safetensors, whose weights networks of ours take. Of a diffusion pipeline:
 * all its parts (`choosePipeline`). Patterns (`*` is any number of characters, also slashes) choose others; configuration files come
 * along.
 *
 * @param paths all files of the model
 * @param patterns what was asked for; none: as above
 * @throws OAL-D165 when the choice is not clear, or a pattern fits nothing: with the files that there are
 */
export function chooseFiles(name: HubName, paths: readonly string[], patterns: readonly string[]): string[] {
  if (patterns.length === 0) {
    const pipeline = choosePipeline(paths);
    if (pipeline && "problem" in pipeline) throw unclear(name, pipeline.problem, paths);
    if (pipeline) return [...pipeline.files];
  }
  const main = patterns.length > 0 ? asked(name, paths, patterns) : usual(name, paths);
  const wanted = new Set([...main, ...paths.filter((path) => companions.includes(path))]);
  for (const path of main)
    for (const data of paths.filter((other) => holdsWeightsOf(path, other))) wanted.add(data);
  return paths.filter((path) => wanted.has(path));
}

function asked(name: HubName, paths: readonly string[], patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => {
    const found = paths.filter((path) => matchesGlob(path, pattern));
    if (found.length > 0) return found;
    const near = suggest(pattern, [...paths]);
    const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
    throw unclear(name, `no file fits "${pattern}"${hint}`, paths);
  });
}

function usual(name: HubName, paths: readonly string[]): string[] {
  const models = paths.filter((path) => path.endsWith(".onnx"));
  const model =
    usualModels.find((path) => models.includes(path)) ?? (models.length === 1 ? models[0] : undefined);
  if (model !== undefined) return [model];
  if (models.length > 1)
    throw unclear(name, `there are ${models.length} ONNX files, and none is called model.onnx`, models);
  if (paths.includes(usualWeights)) return [usualWeights];
  throw unclear(name, `there is no ONNX file and no ${usualWeights}`, paths);
}

function unclear(name: HubName, problem: string, files: readonly string[]): Error {
  return oalError("OAL-D165", { model: writtenName(name), problem, files });
}
