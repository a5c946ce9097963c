/**
 * oal: train, measure and ship image classifiers that know what they do not know. Everything the command line does is a
 * call of these functions.
 */
export * from "oal-core";
export {
  configurationJsonSchema,
  configurationSchema,
  loadConfiguration,
  presets,
  type Configuration,
  type ConfigurationInput,
} from "./pipeline/configuration/index.js";
export type { RunEvent } from "./pipeline/events.js";
export { evaluate, run, scoreEach, scoreImages, train } from "./pipeline/library.js";
export {
  stageNames,
  type EvaluatedRun,
  type FailedImage,
  type FinishedRun,
  type ImageResult,
  type RunOptions,
  type RunResult,
  type ScoredImage,
  type ScoreEachOptions,
  type ScoreOptions,
  type StageName,
} from "./pipeline/runTypes.js";
export { compareModels, type Difference } from "./evaluation/compare.js";
export type { EvaluationResult, ModelScores } from "./evaluation/result.js";
export { differenceTable, resultCsv, resultJson, resultTable } from "./evaluation/tables.js";
export { networks } from "./nn/networks/index.js";
export type { Network } from "./nn/networks/network.js";
export { methodLists, trainingMethods, type TrainingMethod } from "./training/methods/index.js";
export { cpuEngine, type CpuOptions } from "./runtime/engines/index.js";
export { createSession } from "./runtime/node.js";
