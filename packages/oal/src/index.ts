/**
 * oal: train, measure and ship image classifiers that know what they do not know. Everything the command line does is a
 * call of these functions. What they are built of has entry points of its own: `oal/graph`, `oal/nn`, `oal/metrics` and
 * `oal/detection`.
 */
export {
  defineDetector,
  defineMetric,
  isOalError,
  keptAt,
  OalError,
  type ErrorCode,
  type ErrorDetails,
  type RankedLabel,
  type ScoredPicture,
  type ScoreResult,
  type UnreadablePicture,
} from "oal-core";
export { defineReader } from "./data/readerRegistry.js";
export { defineReportSection } from "./report/sectionRegistry.js";
export {
  configurationJsonSchema,
  configurationSchema,
  loadConfiguration,
  presets,
  type LoadOptions,
  type Preset,
  type Configuration,
  type ConfigurationInput,
} from "./pipeline/configuration/index.js";
export type { EventKind, RunEvent } from "./pipeline/events.js";
export {
  exportModel,
  fitModel,
  leaveClassOut,
  loadModel,
  openModel,
  picturesIn,
  run,
} from "./pipeline/library.js";
export type { FitOptions, FitProgress, WrittenResult } from "./pipeline/fitModel.js";
export type {
  LeaveClassOutDifference,
  LeaveClassOutOptions,
  LeaveClassOutResult,
  LeftOutClass,
} from "./pipeline/leaveClassOut.js";
export type { FitStage } from "./fitting/fit.js";
export type { PartShares } from "./fitting/parts.js";
export type {
  Ends,
  FitClass,
  FitClassCut,
  FitDetectorResult,
  FitEdgePicture,
  FitLeaveOut,
  FitLeaveOutPlan,
  FitResult,
  FitSetResult,
} from "./fitting/result.js";
export type { CalibrationPromise } from "./fitting/calibrate.js";
export type { DetectorCandidate, StrengthChoice } from "./fitting/choose.js";
export type { MeasuredShare } from "./fitting/measure.js";
export type { Copies } from "./fitting/pictures.js";
export type { HeadKind } from "./fitting/subject.js";
export type { DetectorChoice } from "./evaluation/asked.js";
export type { Exported, ExportOptions } from "./pipeline/exporting/exportOptions.js";
export type { Changes, ChangesOfKind } from "./pipeline/exporting/changes.js";
export type {
  KnownNormalisation,
  LoadedModel,
  LoadModelOptions,
  NormalisationSource,
} from "./models/load.js";
export type { PictureCut } from "./models/howShown.js";
export type { OpenModelOptions } from "./pipeline/openModel.js";
export type { BundleFacts, BundleInput, Ingredient, Preprocessing, StoredDetector } from "./bundle/facts.js";
export type { NamedPicture, Picture } from "./bundle/pictures.js";
export type { Scorer, ScorerOptions, StreamOptions } from "./bundle/scorer.js";
export { scoreFormat } from "./bundle/scoreResult.js";
export { type EvaluatedRun, type FinishedRun, type RunOptions, type RunResult } from "./pipeline/runTypes.js";
export type { Choice, ChosenBy } from "./evaluation/choice.js";
export {
  compareModels,
  compareOverSeeds,
  type CompareOptions,
  type Difference,
} from "./evaluation/compare.js";
export {
  judgeScores,
  type ColumnDifference,
  type JudgedColumn,
  type JudgedSet,
  type Judgement,
} from "./evaluation/judge.js";
export type { JudgeOptions, ScoreDirection } from "./evaluation/judgedRows.js";
export { summarizeOverSeeds, type SeedList, type SeedRow } from "./evaluation/overSeeds.js";
export type { SeededModel, SeedSampleOptions } from "./evaluation/seedSamples.js";
export type { DetectorResult, EvaluationResult, ModelScores, SetScores } from "./evaluation/result.js";
export {
  differenceTable,
  resultCsv,
  resultJson,
  resultTable,
  type TableOptions,
} from "./evaluation/tables.js";
export { defineNetwork } from "./nn/networks/network.js";
export { defineMethod } from "./training/methods/method.js";
export {
  defineSource,
  type OutlierRequest,
  type OutlierSource,
  type SourceDefinition,
  type SourceUse,
} from "./outliers/sources/source.js";
export {
  defineMadeSource,
  type BoundaryEmbeddings,
  type KnownEmbeddings,
  type MadeDefinition,
  type MakeRequest,
} from "./outliers/sources/made.js";
export type { Course } from "./outliers/course.js";
export { defineStage, type Stage, type StageJob } from "./pipeline/plan/stage.js";
export type { Contributions } from "./pipeline/plugins/kinds.js";
export { pluginTools } from "./pipeline/plugins/load.js";
export type {
  DetectorSearch,
  MetricIntervals,
  MetricSummary,
  SetGroup,
  SetResult,
} from "./evaluation/result.js";
export type { ResultExtras } from "./evaluation/resultForm.js";
export type { Override } from "./pipeline/configuration/load.js";
export type { StageEvent, StageEvents } from "./pipeline/events.js";
export type { Artifact } from "./pipeline/artifact.js";
export type { Effort, Setting, StageReport } from "./pipeline/plan/stage.js";
export type { AugmentSpec } from "./data/batches.js";
export type { Skipped } from "./data/badImages.js";
export type { NetworkChoice } from "./training/network.js";
export type { Teacher } from "./training/side/teacher.js";
export type { LeftOut } from "./pipeline/readSets.js";
export type { OutOfDistributionSet, PreparedData, StoredSet } from "./pipeline/stages/data.js";
export type { ImageSet } from "./data/imageSet.js";
export type { SideData, SideNetwork, SideTensor } from "./training/side/sideData.js";
export type { OutlineSizes, SideRequest, SideSource, StepFacts } from "./pipeline/sideSources/source.js";
export type { SamplingGrid } from "./outliers/samplers/schedule.js";
export type {
  Sampler,
  SamplerDefinition,
  SamplerInputs,
  SamplerOptions,
} from "./outliers/samplers/sampler.js";
export type { OutlierPictures } from "./training/side/outliers.js";
export type { DefinedMethod } from "./training/methods/method.js";
