/**
 * The library's main calls as `import "oal"` gives them: light to import, because stages, decoders and the engine are loaded
 * when a call needs them.
 */
import { expectArguments, kinds } from "oal-core";
import { checkConfiguration } from "./configuration/index.js";
import {
  type EvaluatedRun,
  type FinishedRun,
  type ImageResult,
  type RunOptions,
  type RunResult,
  type ScoredImage,
  type ScoreEachOptions,
  type ScoreOptions,
} from "./runTypes.js";

const runOptions = kinds.fields({
  config: kinds.record,
  out: kinds.name,
  until: kinds.optional(kinds.name),
  methods: kinds.optional(kinds.listOf(kinds.name)),
  onEvent: kinds.optional(kinds.callback),
  signal: kinds.optional(kinds.signal),
});

const modelOptions = {
  detector: kinds.optional(kinds.text),
  threshold: kinds.optional(kinds.finite),
  threads: kinds.optional(kinds.count),
  signal: kinds.optional(kinds.signal),
};
const scoreOptions = kinds.fields({
  ...modelOptions,
  skipBad: kinds.optional(kinds.count),
  onSkipped: kinds.optional(kinds.callback),
});
const scoreEachOptions = kinds.fields({ ...modelOptions, onFound: kinds.optional(kinds.callback) });

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
  return pipeline.run({ ...options, config });
}

/**
 * Label, confidence and "known or unknown" for pictures of any size, all of them readable.
 *
 * @param model a run folder, or a model folder inside it (models/<method>)
 * @param paths pictures or folders of pictures
 * @throws OAL-D101, OAL-D121 (a folder cannot be read), OAL-I121 (no model there), OAL-D102 (an unreadable picture beyond
 *   `skipBad`), OAL-D103 (a folder without pictures)
 */
export async function scoreImages(
  model: string,
  paths: readonly string[],
  options: ScoreOptions = {},
): Promise<ScoredImage[]> {
  expectArguments("scoreImages", {
    model: [model, kinds.name],
    paths: [paths, kinds.listOf(kinds.name)],
    options: [options, scoreOptions],
  });
  const scoring = await import("./score.js");
  return scoring.scoreImages(model, paths, options);
}

/**
 * As {@link scoreImages}, one picture after the other: every picture gives a result, an unreadable one its error.
 *
 * @throws OAL-D101, OAL-D121, OAL-I121, before the first result
 * @example for await (const result of scoreEach("runs/photos", ["holiday"]))
 *   console.log(result.path, "error" in result ? result.error.message : result.label);
 */
export async function* scoreEach(
  model: string,
  paths: readonly string[],
  options: ScoreEachOptions = {},
): AsyncGenerator<ImageResult, void, undefined> {
  expectArguments("scoreEach", {
    model: [model, kinds.name],
    paths: [paths, kinds.listOf(kinds.name)],
    options: [options, scoreEachOptions],
  });
  const scoring = await import("./score.js");
  yield* scoring.scoreEach(model, paths, options);
}
