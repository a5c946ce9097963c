/**
 * oal-web: model files of oal in a browser, a worker or Node, with the answers they give where they were made. One file without
 * imports; ONNX Runtime is handed in.
 */
export { openModel, type OpenOptions, type WebModel } from "./model.js";
export { keptAt } from "oal-core";
export type { Ort, OrtSession, OrtTensor } from "./engine.js";
export type { ModelFacts, StoredDetector } from "./facts.js";
export type { Picture, Pixels } from "./picture.js";
export type { RankedLabel, ScoredPicture, ScoreResult, SelfTest, UnreadablePicture } from "oal-core";
