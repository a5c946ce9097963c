/** Outliers: boundary sampling of embeddings, latent diffusion, samplers, synthesis and its audit. */
export {
  resolveBoundaryOptions,
  type BoundaryOptions,
  type BoundaryWarning,
  type ClassLimits,
  type ResolvedBoundaryOptions,
} from "./boundary/options.js";
export {
  anchorNoise,
  sampleBoundary,
  type BoundaryResult,
  type EmbeddingBank,
  type OutlierRecord,
} from "./boundary/sample.js";
export { selectBoundary, type BoundarySelection, type BoundarySelectionInput } from "./boundary/select.js";
export { distanceBins, type DistanceSummary } from "./boundary/summary.js";
export { samplerOf, samplers } from "./samplers/index.js";
export {
  prepareSampler,
  type PredictionType,
  type Predictions,
  type SamplerRun,
  type SamplerSetup,
} from "./samplers/drive.js";
export type { Sampler, SamplerOptions } from "./samplers/sampler.js";
export {
  gridOf,
  logSnrGrid,
  noiseSchedule,
  quadraticTimesteps,
  uniformTimesteps,
  type NoiseSchedule,
  type SamplingGrid,
} from "./samplers/schedule.js";
export { autoEncoderLoss, decode, encode, type AutoEncoderOptions } from "./diffusion/autoEncoder.js";
export {
  denoise,
  denoiserLoss,
  encodeCondition,
  type DenoiserBatch,
  type DenoiserOptions,
} from "./diffusion/denoiser.js";
export {
  autoEncoderTask,
  denoiserTask,
  latentScaleOf,
  type AutoEncoderTaskOptions,
  type DenoiserTaskOptions,
  type PictureSource,
} from "./diffusion/tasks.js";
export { diffusionGraphs, type TrainedDiffusion } from "./diffusion/graphs.js";
export { openDiffusionFolder } from "./diffusion/openFolder.js";
export { saveDiffusionFolder, type DiffusionGraphs, type DiffusionSettings } from "./diffusion/folder.js";
export type { LatentDiffusion, LatentMoments } from "./diffusion/model.js";
export { poolLatents, type LatentPooling, type PooledLatents } from "./pooling.js";
export {
  chooseConditions,
  synthesize,
  type ConditionSet,
  type SynthesisOptions,
  type SynthesisResult,
} from "./synthesis.js";
export {
  auditPosterior,
  embeddingEffect,
  withoutFakes,
  type EmbeddingEffect,
  type PosteriorAudit,
  type Teacher,
} from "./audit.js";
export { contactSheet, writeContactSheet, type SheetOptions, type SheetPanel } from "./contactSheet.js";
