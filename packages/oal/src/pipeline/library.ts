/**
 * The library's main calls as `import "oal"` gives them: light to import, because stages, decoders and the engine are loaded
 * when a call needs them.
 */
import { anEngine, expectArguments, kinds } from "oal-core";
import type { NamedPicture } from "../bundle/pictures.js";
import type { Scorer } from "../bundle/scorer.js";
import { blamePlugin } from "./plugins/fault.js";
import { checkConfiguration } from "./configuration/index.js";
import { devices } from "../runtime/engines/index.js";
import type { LoadedModel, LoadModelOptions } from "../models/load.js";
import type { OpenModelOptions } from "./openModel.js";
import { type EvaluatedRun, type FinishedRun, type RunOptions, type RunResult } from "./runTypes.js";

const runOptions = kinds.fields({
  config: kinds.record,
  out: kinds.name,
  until: kinds.optional(kinds.name),
  methods: kinds.optional(kinds.listOf(kinds.name)),
  onEvent: kinds.optional(kinds.callback),
  signal: kinds.optional(kinds.signal),
});

const openOptions = kinds.fields({
  engine: kinds.optional(anEngine),
  detector: kinds.optional(kinds.text),
  threshold: kinds.optional(kinds.finite),
  threads: kinds.optional(kinds.count),
  device: kinds.optional(kinds.oneOf(devices)),
  onDevice: kinds.optional(kinds.callback),
  top: kinds.optional(kinds.positiveCount),
  batchSize: kinds.optional(kinds.positiveCount),
});

/**
 * Runs the stages of a configuration in a run folder; what is there already is found, not made again.
 *
 * @returns the folder, the artifact folder of every stage, and, when reached, results and report
 * @throws OAL-C120 (an option is not what it should be), OAL-C201, OAL-C202 (the configuration is not), and
 *   every error of the catalogue that a stage can meet; what was finished before is kept
 * @example
 * const options = { config: loadConfiguration("embedded"), out: "runs/embedded" };
 * await run({ ...options, until: "student" }); // the trained students, nothing measured
 * const { results } = await run({ ...options, until: "evaluation" }); // measured; nothing is trained again
 * const { reportPath } = await run(options); // everything
 */
export function run(options: Omit<RunOptions, "until"> & { readonly until?: "report" }): Promise<FinishedRun>;
export function run(
  options: Omit<RunOptions, "until"> & { readonly until: "evaluation" },
): Promise<EvaluatedRun>;
export function run(options: RunOptions): Promise<RunResult>;
export async function run(options: RunOptions): Promise<RunResult> {
  expectArguments("run", { options: [options, runOptions] });
  const config = checkConfiguration(options.config, "run: options.config");
  const pipeline = await import("./run.js");
  try {
    return await pipeline.run({ ...options, config });
  } catch (error) {
    throw blamePlugin(error);
  }
}

/**
 * The pictures that paths stand for, for `Scorer.stream`: files, folders walked through, archives looked into. What cannot be read
 * becomes a result with an error, and stops nothing else.
 *
 * @param paths files, folders, archives; "-" for one picture or archive from standard input
 * @example
 * for await (const { id, known } of scorer.stream(picturesIn(["holiday", "more.zip"]))) console.log(id, known);
 */
export async function* picturesIn(paths: readonly string[]): AsyncGenerator<NamedPicture, void, undefined> {
  expectArguments("picturesIn", { paths: [paths, kinds.listOf(kinds.name)] });
  const { findPictures } = await import("./pictureFiles.js");
  const found = await findPictures(paths);
  try {
    yield* found.pictures();
  } finally {
    await found.close();
  }
}

/**
 * Opens a model once, to ask it about any number of pictures.
 *
 * @param path a run folder, whose deciding model is taken, or a model file (models/METHOD.onnx)
 * @throws OAL-D101 (nothing is there), OAL-I121 (a folder without a finished run), OAL-I143, OAL-I144 (no model of this oal), OAL-I103
 *   (damaged), OAL-E214 (a detector that it does not hold)
 * @example
 * const scorer = await openModel("runs/photos");
 * const { known, label, pValue } = await scorer.score("cat.jpg"); // or the bytes of a file, or pixels
 * for await (const result of scorer.stream(["cat.jpg", "dog.jpg"]))
 *   console.log(result.id, result.error ? result.error.message : result.label);
 * await scorer.release();
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<Scorer> {
  expectArguments("openModel", { path: [path, kinds.name], options: [options, openOptions] });
  const scoring = await import("./openModel.js");
  return scoring.openModel(path, options);
}

const loadOptions = kinds.fields({
  hints: kinds.optional(kinds.record),
  normalisation: kinds.optional(kinds.record),
  size: kinds.optional(kinds.positiveCount),
  resize: kinds.optional(kinds.positiveCount),
});

/**
 * Loads a model of anyone: as a classifier whose class scores, features and last layer are found, with what is known of its pictures and
 * classes.
 *
 * @param path an ONNX file (with or without detectors of oal), a folder with one as hubs have them, or a run folder, whose deciding model
 *   is taken
 * @throws OAL-D101 (nothing is there), OAL-I151 (a model in another format), OAL-I146 to OAL-I150, OAL-I153 (no classifier of pictures, or
 *   one that does not fit), OAL-I154 (a broken file beside it), OAL-G112, OAL-G113 (no readable ONNX file)
 * @example
 * const model = await loadModel("mobilenet.onnx");
 * console.log(model.facts.evidence.join("\n"), model.classNames?.length);
 * const { graph, taps } = model.classifier();
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  expectArguments("loadModel", { path: [path, kinds.name], options: [options, loadOptions] });
  const loading = await import("./loadModel.js");
  return loading.loadModel(path, options);
}
