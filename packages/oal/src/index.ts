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
export { evaluate, run, train } from "./pipeline/run.js";
export {
  stageNames,
  type RunOptions,
  type RunResult,
  type ScoredImage,
  type ScoreOptions,
  type StageName,
} from "./pipeline/runTypes.js";
export { scoreImages } from "./pipeline/score.js";
export {
  compareModels,
  differenceTable,
  resultCsv,
  resultJson,
  resultTable,
  type Difference,
  type EvaluationResult,
} from "./evaluation/index.js";
export { networks } from "./nn/networks/index.js";
export type { Network } from "./nn/networks/network.js";
export { methodLists, trainingMethods, type TrainingMethod } from "./training/methods/index.js";
export { createSession } from "./runtime/node.js";
