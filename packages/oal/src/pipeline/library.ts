/**
 * The library's main calls as `import "oal"` gives them: light to import, because stages, decoders and the engine are loaded
 * when a call needs them.
 */
import { expectArguments, kinds } from "oal-core";
import { checkConfiguration } from "./configuration/index.js";
import {
  methodNames,
  stageNames,
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
  until: kinds.optional(kinds.oneOf(stageNames)),
  methods: kinds.optional(kinds.listOf(kinds.oneOf(methodNames))),
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
 * @example const { results } = await run({ config: loadConfiguration(), out: "runs/embedded" });
 */
export function run(options: Omit<RunOptions, "until"> & { readonly until?: "report" }): Promise<FinishedRun>;
export function run(options: RunOptions): Promise<RunResult>;
export async function run(options: RunOptions): Promise<RunResult> {
  return start("run", options);
}

/** `run` up to the trained students: no measurement. */
export async function train(options: Omit<RunOptions, "until">): Promise<RunResult> {
  return start("train", options, "student");
}

/** `run` up to the measured results: no report. */
export async function evaluate(options: Omit<RunOptions, "until">): Promise<EvaluatedRun> {
  const { results = [], ...rest } = await start("evaluate", options, "evaluation");
  return { ...rest, results };
}

async function start(call: string, options: RunOptions, until = options?.until): Promise<RunResult> {
  expectArguments(call, { options: [options, runOptions] });
  const config = checkConfiguration(options.config, `${call}: options.config`);
  const pipeline = await import("./run.js");
  return pipeline.run({ ...options, config, ...(until === undefined ? {} : { until }) });
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
