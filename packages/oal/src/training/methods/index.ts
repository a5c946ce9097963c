/** The training methods, and the lists of them that --method names. Adding one: one file and one line here. */
import { crossEntropyMethod } from "./crossEntropy.js";
import { distillationMethod } from "./distillation.js";
import type { TrainingMethod } from "./method.js";
import { mutualInformationMethod } from "./mutualInformation.js";
import { outlierDistillationMethod } from "./outlierDistillation.js";
import { outlierExposureMethod } from "./outlierExposure.js";

/** Every method on its own. */
export const trainingMethods: readonly TrainingMethod[] = [
  crossEntropyMethod,
  distillationMethod,
  mutualInformationMethod,
  outlierExposureMethod,
  outlierDistillationMethod,
];

/** What --method ce, kd and oal train with: the terms of each are added. */
export const methodLists = {
  ce: [crossEntropyMethod],
  kd: [crossEntropyMethod, distillationMethod],
  oal: [
    crossEntropyMethod,
    distillationMethod,
    mutualInformationMethod,
    outlierExposureMethod,
    outlierDistillationMethod,
  ],
} as const satisfies Readonly<Record<string, readonly TrainingMethod[]>>;

export type { MethodSettings, TrainingMethod } from "./method.js";
