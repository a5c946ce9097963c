/** The training methods. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { confBranchMethod } from "./confBranch.js";
import { crossEntropyMethod } from "./crossEntropy.js";
import { distillationMethod } from "./distillation.js";
import { energyClassifierMethod } from "./energyClassifier.js";
import { exposureMethod } from "./exposure.js";
import { featureExposureMethod } from "./featureExposure.js";
import type { TrainingMethod } from "./method.js";
import { mutualInformationMethod } from "./mutualInformation.js";

/** Every method. */
export const trainingMethods = new Registry<TrainingMethod>("training method", [
  crossEntropyMethod,
  distillationMethod,
  mutualInformationMethod,
  energyClassifierMethod,
  exposureMethod,
  featureExposureMethod,
  confBranchMethod,
]);
