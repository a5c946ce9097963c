/** Post-hoc detectors: registry, fitting, scores as graphs, decisions. */
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
  defineDetector,
  type Detector,
  type DetectorDefinition,
  type DetectorInput,
  type FitBatch,
  type FitStream,
  type ScoreInputs,
} from "./detector.js";
export { detectors, ebo, findDetector, knn, mls, msp } from "./detectors/index.js";
export {
  integer,
  real,
  resolveParameters,
  type ParameterSchema,
  type ParameterSpec,
  type ParameterValues,
} from "./parameters.js";
export { attachDetector, batches, detectorGraph } from "./scoreGraph.js";
