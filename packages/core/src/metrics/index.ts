/** Metrics of out-of-distribution detection, classification and calibration, and their statistics (PROTOCOL 5 and 9). */
export { accuracy } from "./accuracy.js";
export { aurc } from "./aurc.js";
export { binomialInterval } from "./beta.js";
export {
  bootstrap,
  bootstrapSteps,
  drawResamples,
  holm,
  pairedDifference,
  percentileInterval,
  standardError,
  BootstrapSamples,
  type BootstrapRow,
  type ResampleSource,
} from "./bootstrap.js";
export { calibration, calibrationError, properScores, type Calibration } from "./calibration.js";
export { ccrAtFpr } from "./ccr.js";
export { delong, delongTest, type DeLong, type ScorePair } from "./delong.js";
export { fpr95, fpr95Id, fprAtRecall, type OperatingPoint, type Positive } from "./fpr.js";
export { erfc, twoSidedP } from "./normal.js";
export { oscr } from "./oscr.js";
export { auprIn, auprOut } from "./pr.js";
export {
  countScores,
  sortScores,
  type Counts,
  type RankedCounts,
  type Scores,
  type SortedScores,
} from "./ranking.js";
export { auroc, rocCurve, type RocCurve } from "./roc.js";
export { seedInterval } from "./seedInterval.js";
export { summarizeSeeds, twoDecimals, type SeedSummary } from "./seeds.js";
export { studentP, studentQuantile } from "./student.js";
export {
  detectionMetrics,
  headlineMetrics,
  meanMetrics,
  metrics,
  metricVector,
  type MetricName,
  type MetricVector,
  type PerMetric,
} from "./vector.js";
export { defineMetric, type Metric } from "./metric.js";
