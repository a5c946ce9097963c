/** Asking a model file: from a picture to its input, from its outputs to an answer, and its self-test. The same in Node and in browsers. */
export {
  answerOf,
  keptAt,
  unreadable,
  type AnswerOptions,
  type BatchOutputs,
  type RankedLabel,
  type ScoredPicture,
  type ScoreResult,
  type UnreadablePicture,
} from "./answer.js";
export { pictureInput, type PictureInput, type PictureRule } from "./pictureInput.js";
export {
  expectedAnswer,
  scoreTolerance,
  selfTestFaults,
  selfTestPicture,
  selfTestSize,
  type ExpectedAnswer,
  type FoundAnswer,
  type SelfTest,
} from "./selfTest.js";
