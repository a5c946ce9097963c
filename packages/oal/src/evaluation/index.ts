/** Evaluation: scores, metrics with intervals, paired comparisons, tables and score files. */
export { compareModels, compareOverSeeds, isMean, type Difference } from "./compare.js";
export { evaluate, evaluateOnValidation } from "./evaluate.js";
export { fewSeedsSentence } from "./intervals.js";
export { outputsInMemory, type OutputSet } from "./outputs.js";
export type { EvaluationResult, ModelScores, SetGroup } from "./result.js";
export { seedsSentence, summarizeOverSeeds, type SeedList, type SeedRow } from "./overSeeds.js";
export { readScoreArchive } from "./scoreArchive.js";
export { readScores, scoreFileName, writeScores } from "./scoreFiles.js";
export { differenceTable, resultCsv, resultJson, resultTable } from "./tables.js";
