/**
 * The library's main calls as `import "oal"` gives them: light to import, because stages, decoders and the engine are loaded
 * when a call needs them.
 */
import { anEngine, aResizeRule, expectArguments, kind, kinds } from "oal-core";
import type { NamedPicture } from "../bundle/pictures.js";
import type { Scorer } from "../bundle/scorer.js";
import type { Exported, ExportOptions } from "./exporting/exportOptions.js";
import type { FitOptions, WrittenResult } from "./fitModel.js";
import type { LeaveClassOutOptions, LeaveClassOutResult } from "./leaveClassOut.js";
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

const leaveOptions = kinds.fields({
  config: kinds.record,
  out: kinds.name,
  classes: kinds.optional(kinds.listOf(kinds.text)),
  force: kinds.optional(kinds.boolean),
  onEvent: kinds.optional(kinds.callback),
  signal: kinds.optional(kinds.signal),
});

/**
 * Makes every class in turn the unknown one: head and students of a run without it for each, and the paired difference over all classes.
 * Runs lie in the folder `out`; stopped, the same call goes on.
 *
 * @throws OAL-C202 for a class that is not there or a configuration without a model to start from, and the errors of `run`
 * @example
 * const config = loadConfiguration(undefined, { data: "photos", set: ["init.model=mobilenet.onnx"] });
 * const { verdicts } = await leaveClassOut({ config, out: "runs/left-out" });
 */
export async function leaveClassOut(options: LeaveClassOutOptions): Promise<LeaveClassOutResult> {
  expectArguments("leaveClassOut", { options: [options, leaveOptions] });
  const config = checkConfiguration(options.config, "leaveClassOut: options.config");
  const leaving = await import("./leaveClassOut.js");
  try {
    return await leaving.leaveClassOut({ ...options, config });
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
  order: kinds.optional(kinds.oneOf(["rgb", "bgr"])),
  size: kinds.optional(kinds.positiveCount),
  resize: kinds.optional(aResizeRule),
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

const aShareToKeep = kind(
  "a share in (0, 1]",
  (value) => typeof value === "number" && value > 0 && value <= 1,
);
const partShare = kind("a share in [0, 1)", (value) => typeof value === "number" && value >= 0 && value < 1);

const fitOptions = kinds.fields({
  model: kinds.name,
  id: kinds.name,
  unknown: kinds.optional(kinds.name),
  out: kinds.optional(kinds.name),
  known: kinds.optional(kinds.oneOf(["folder", "model"])),
  keep: kinds.optional(aShareToKeep),
  ask: kinds.optional(aShareToKeep),
  perClass: kinds.optional(kinds.boolean),
  seed: kinds.optional(kinds.count),
  shares: kinds.optional(kinds.fields({ calibration: partShare, test: partShare })),
  detectors: kinds.optional(kind("a list of detectors", (value) => Array.isArray(value) && value.length > 0)),
  combine: kinds.optional(kinds.boolean),
  largestBank: kinds.optional(kinds.positiveCount),
  load: kinds.optional(loadOptions),
  engine: kinds.optional(anEngine),
  threads: kinds.optional(kinds.count),
  device: kinds.optional(kinds.oneOf(devices)),
  onProgress: kinds.optional(kinds.callback),
  onMessage: kinds.optional(kinds.callback),
  signal: kinds.optional(kinds.signal),
});

/**
 * Makes a model of anyone say "known" or "unknown", without training its network: a last layer for the folder's classes where the model
 * has none for them, detectors, a decision calibrated on pictures that nothing else saw, figures with intervals. Writes model file,
 * report and fit.json. What the model says of pictures is kept in the cache, so that a second fit, or one that was stopped, is quick.
 *
 * @returns where all of it lies, and what fit.json holds
 * @throws OAL-C120 (an option is not what it should be), OAL-E254 (too few pictures), OAL-E255 (the folder holds something else), OAL-E256
 *   (no detector can be used), OAL-E211 (`ask` above `keep`), the errors of `loadModel` and of data
 * @example
 * const { result, modelPath } = await fitModel({ model: "mobilenet.onnx", id: "photos", unknown: "others", keep: 0.95 });
 * console.log(result.accuracy?.value, result.calibration.sentences.join(" "));
 * const scorer = await openModel(modelPath);
 */
export async function fitModel(options: FitOptions): Promise<WrittenResult> {
  expectArguments("fitModel", { options: [options, fitOptions] });
  const fitting = await import("./fitModel.js");
  return fitting.fitModel(options);
}

const exportOptions = kinds.fields({
  detectors: kinds.optional(kinds.listOf(kinds.name)),
  keep: kinds.optional(kinds.number),
  layout: kinds.optional(kinds.oneOf(["nchw", "nhwc"])),
  resize: kinds.optional(
    kind(
      '"free" or { height, width }',
      (value) =>
        value === "free" ||
        kinds.fields({ height: kinds.positiveCount, width: kinds.positiveCount }).fault(value, "") === null,
    ),
  ),
  format: kinds.optional(kinds.oneOf(["onnx", "hf"])),
  precision: kinds.optional(kinds.oneOf(["fp32", "fp16", "int8"])),
  pictures: kinds.optional(kinds.listOf(kinds.name)),
  unknown: kinds.optional(kinds.listOf(kinds.name)),
  engine: kinds.optional(anEngine),
  threads: kinds.optional(kinds.count),
  onMessage: kinds.optional(kinds.callback),
  onProgress: kinds.optional(kinds.callback),
  signal: kinds.optional(kinds.signal),
});

/**
 * Writes a model with its detectors and decision as one file for any ONNX Runtime, or as a folder for transformers.js. What is written has
 * been run and compared; where anything fails, nothing is left and what was there before stays.
 *
 * @param source a run folder, whose deciding model is taken, a folder that `oal fit` wrote, or a model file
 * @param target the file, something.onnx, or the folder
 * @throws OAL-I160 for a model without a decision, OAL-E214 (a detector that it does not hold), OAL-E270, OAL-E271, OAL-E276 (a share that
 *   cannot be kept), OAL-E272 (8 bits without pictures), OAL-E275 (options that do not go together), OAL-I161 (it cannot be written),
 *   OAL-I145 (what was written computes something else)
 * @example
 * await exportModel("runs/photos", "photos.onnx", { keep: 0.99, layout: "nhwc" });
 * const { changes } = await exportModel("runs/photos", "small.onnx", { precision: "int8" });
 */
export async function exportModel(
  source: string,
  target: string,
  options: ExportOptions = {},
): Promise<Exported> {
  expectArguments("exportModel", {
    source: [source, kinds.name],
    target: [target, kinds.name],
    options: [options, exportOptions],
  });
  const exporting = await import("./exporting/exportModel.js");
  return exporting.exportModel(source, target, options);
}
