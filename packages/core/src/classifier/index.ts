/** Classifiers: graphs with named taps. */
export { replaceHead } from "./replaceHead.js";
export {
  exposeTaps,
  isTapName,
  tapNames,
  tapValue,
  type Classifier,
  type Head,
  type TapName,
  type Taps,
} from "./taps.js";
export { adaptClassifier, type AdaptedClassifier } from "./adapt.js";
export type { PixelNormalisation } from "./pixels.js";
export { examineInput, examineModel } from "./examine.js";
export type {
  HeadFacts,
  InnerPreprocessing,
  LogitsFacts,
  MapFacts,
  ModelFacts,
  ModelHints,
  OperatorFacts,
  ModelInput,
} from "./facts.js";
