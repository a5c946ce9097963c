/** Post-hoc detectors: registry, fitting, banks, scores as graphs, decisions. */
export {
  decide,
  decisionFromJson,
  decisionToJson,
  makeDecision,
  pValueTable,
  type Cuts,
  type CutsJson,
  type Decision,
  type DecisionJson,
  type DecisionOptions,
  type JsonScore,
  type Verdict,
} from "./decision.js";
export {
  calibrationFor,
  classCuts,
  coverage,
  fewestCalibration,
  keptOfCalibration,
  type ClassCut,
  type ClassCutOptions,
  type Coverage,
} from "./conformal.js";
export { algebraHere, type Algebra, type Eigen } from "./fitting/algebra.js";
export type { Table } from "./fitting/table.js";
export { recutDecision } from "./recut.js";
export { largestBankInGraph, type BankBatch, type BankDefinition } from "./bank.js";
export {
  defineDetector,
  type Detector,
  type DetectorBank,
  type DetectorDefinition,
  type Fitted,
} from "./detector.js";
export { defaultDetectors, detectors } from "./detectors/index.js";
export type {
  FitBatch,
  FitDefinition,
  FitHead,
  FitRows,
  FitSet,
  FitSource,
  FitStreams,
  FoundStreams,
  Measurement,
  StreamTap,
} from "./fit.js";
export type { DetectorInputs, ImagesTap, SomeTaps, TapValue } from "./inputs.js";
export {
  choice,
  flag,
  integer,
  list,
  real,
  resolveParameters,
  type NumberBounds,
  type Parameter,
  type ParameterSchema,
  type ParameterValue,
  type ParameterValues,
} from "./parameters.js";
export { attachDecision, type DecisionValues } from "./decisionGraph.js";
export { replay } from "./replay.js";
export {
  allRows,
  gatherRows,
  keepInMemory,
  memoryRows,
  type RowKeeper,
  type RowSink,
  type RowSource,
} from "./rows.js";
export {
  combinationId,
  combineDetectors,
  meanRank,
  rankCurve,
  type CombinedMember,
  type RankCurve,
} from "./combination.js";
export { bankBytes, sampledVariant, type FittedDetector } from "./sampledBank.js";
export { areStored, bankGraphs, detectorGraph, type BankGraphs, type StoredSizes } from "./scoreGraph.js";
export { storedStreams, type StoredOutputs } from "./streams.js";
