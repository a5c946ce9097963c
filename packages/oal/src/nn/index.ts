/** Layers, networks, losses, optimisers and schedules as functions of graph values; parameters and their files. */
export { EvaluationContext, TrainingContext, type Context, type ParameterOptions } from "./context.js";
export * from "./initialisers.js";
export * from "./parameters.js";
export * from "./safetensors.js";
export * from "./layers/attention.js";
export * from "./layers/batchNorm.js";
export * from "./layers/convolution.js";
export * from "./layers/embedding.js";
export * from "./layers/groupNorm.js";
export * from "./layers/linear.js";
export * from "./losses/club.js";
export * from "./losses/crossEntropy.js";
export * from "./losses/distillation.js";
export * from "./losses/dt.js";
export * from "./losses/energy.js";
export * from "./losses/reconstruction.js";
export { airbench, whiteningName } from "./networks/airbench.js";
export { findNetwork, networks } from "./networks/index.js";
export type { Network, NetworkHyperParameter, NetworkOptions, NetworkOutputs } from "./networks/network.js";
export { resnet18_32x32 } from "./networks/resnet18_32x32.js";
export { resnetSmall } from "./networks/resnetSmall.js";
export { patchesOf, whiteningWeights } from "./networks/whitening.js";
export { adam, adamW, type AdamOptions } from "./optimisers/adam.js";
export { clipByGlobalNorm, movingAverage } from "./optimisers/clipping.js";
export { makeOptimiser, optimiserIds, type OptimiserId } from "./optimisers/index.js";
export type { Optimiser, OptimiserState, UpdateScalars } from "./optimisers/optimiser.js";
export { sgd, type SgdOptions } from "./optimisers/sgd.js";
export { oneCycle, type OneCycleOptions } from "./schedules/oneCycle.js";
export {
  constant,
  cosine,
  triangular,
  warmUp,
  type Schedule,
  type SchedulePoint,
  type TriangularOptions,
} from "./schedules/schedule.js";
