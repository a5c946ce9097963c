/** `oal/nn`: networks and what they are made of: contexts, layers, losses, optimisers, schedules, training methods. */
export { EvaluationContext, TrainingContext, type Context, type ParameterOptions } from "./nn/context.js";
export {
  filled,
  kaimingNormal,
  normal,
  ones,
  uniform,
  xavierUniform,
  type Initializer,
} from "./nn/initialisers.js";
export { attentionLayer } from "./nn/layers/attention.js";
export { batchNormLayer, type BatchNormOptions } from "./nn/layers/batchNorm.js";
export { convolutionLayer, type ConvolutionOptions } from "./nn/layers/convolution.js";
export { groupNormLayer } from "./nn/layers/groupNorm.js";
export { layerNormLayer } from "./nn/layers/layerNorm.js";
export { linearLayer, type LinearOptions } from "./nn/layers/linear.js";
export { selfAttentionLayer } from "./nn/layers/selfAttention.js";
export { timeEmbedding } from "./nn/layers/timeEmbedding.js";
export { crossEntropy, crossEntropyPerSample, softCrossEntropy } from "./nn/losses/crossEntropy.js";
export { featureDistillation, logitDistillation } from "./nn/losses/distillation.js";
export { energy, energyMarginLoss, uniformLabelLoss } from "./nn/losses/energy.js";
export { meanAbsoluteError, meanSquaredError } from "./nn/losses/reconstruction.js";
export { activations } from "./nn/activations/index.js";
export type { Activation } from "./nn/activations/activation.js";
export type { ClassificationLoss } from "./nn/losses/classificationLoss.js";
export { classificationLosses } from "./nn/losses/index.js";
export { optimisers } from "./nn/optimisers/index.js";
export { defineOptimiser, type Optimiser, type OptimiserKind } from "./nn/optimisers/optimiser.js";
export { schedules } from "./nn/schedules/index.js";
export { defineSchedule, type Schedule, type ScheduleKind } from "./nn/schedules/schedule.js";
export { networks } from "./nn/networks/index.js";
export {
  defineNetwork,
  type Network,
  type NetworkDefinition,
  type NetworkOptions,
  type NetworkOutputs,
} from "./nn/networks/network.js";
export {
  countParameters,
  initializeParameters,
  type ParameterSpec,
  type ParameterStore,
} from "./nn/parameters.js";
export { readSafetensors, writeSafetensors, type SafetensorsContent } from "./nn/safetensors.js";
export { loadWeights, weightNames, type LoadedWeights, type LoadWeightsOptions } from "./nn/weights.js";
export { exposures } from "./training/exposures/index.js";
export { defineExposure, type Exposure, type ExposureInputs } from "./training/exposures/exposure.js";
export { trainingMethods } from "./training/methods/index.js";
export type {
  Batch,
  BatchInputs,
  BatchSizes,
  Draw,
  HeadInputs,
  MethodInputs,
} from "./training/methods/inputs.js";
export { defineMethod, type MethodDefinition, type TrainingMethod } from "./training/methods/method.js";
export { recipes } from "./training/recipes/index.js";
export type { Recipe } from "./training/recipes/recipe.js";
export type { NetworkSizes, NetworkStart, WeightNaming } from "./nn/networks/network.js";
export type { ByName, NetworkTaps } from "./training/methods/inputs.js";
export type { TermDeclaration, TermDeclarations, WeightedTerm } from "./training/methods/terms.js";
export type { Ignored, MethodSettings } from "./training/methods/method.js";
export type { OptimiserDefinition, OptimiserState, UpdateScalars } from "./nn/optimisers/optimiser.js";
export type { ScheduleDefinition, SchedulePoint } from "./nn/schedules/schedule.js";
