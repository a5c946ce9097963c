/** Evaluation: scores, metrics with intervals, paired comparisons, tables and score files. */
export { compareModels, type CompareOptions, type Difference } from "./compare.js";
export {
  bootstrapDefaults,
  evaluate,
  resampleScores,
  type EvaluateOptions,
  type Evaluation,
} from "./evaluate.js";
export type {
  DetectorResult,
  EvaluationResult,
  MetricIntervals,
  MetricSummary,
  ModelScores,
  OutputSet,
  SetGroup,
  SetResult,
  SetScores,
} from "./result.js";
export { fitDetectors, predictions, scoreSets, type Compile, type FittedDetector } from "./score.js";
export { readScoreArchive, type ScoreArchive } from "./scoreArchive.js";
export { readScores, scoreFileName, writeScores } from "./scoreFiles.js";
export {
  differenceTable,
  metricText,
  metricTitles,
  resultCsv,
  resultJson,
  resultTable,
  tableRows,
  type TableOptions,
  type TableRow,
} from "./tables.js";
