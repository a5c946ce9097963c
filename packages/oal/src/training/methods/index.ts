/** The training methods. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { confBranchMethod } from "./confBranch.js";
import { ciderMethod } from "./cider.js";
import { crossEntropyMethod } from "./crossEntropy.js";
import { distillationMethod } from "./distillation.js";
import { energyClassifierMethod } from "./energyClassifier.js";
import { exposureMethod } from "./exposure.js";
import { featureExposureMethod } from "./featureExposure.js";
import { gOdinMethod } from "./gOdin.js";
import { logitNormMethod } from "./logitNorm.js";
import type { TrainingMethod } from "./method.js";
import { mutualInformationMethod } from "./mutualInformation.js";
import { nposMethod } from "./npos.js";
import { pixMixMethod } from "./pixMix.js";
import { regMixupMethod } from "./regMixup.js";
import { rotpredMethod } from "./rotpred.js";
import { t2fNormMethod } from "./t2fNorm.js";
import { vosMethod } from "./vos.js";

/** Every method. */
export const trainingMethods = new Registry<TrainingMethod>("training method", [
  crossEntropyMethod,
  distillationMethod,
  mutualInformationMethod,
  energyClassifierMethod,
  exposureMethod,
  featureExposureMethod,
  rotpredMethod,
  logitNormMethod,
  t2fNormMethod,
  pixMixMethod,
  regMixupMethod,
  vosMethod,
  nposMethod,
  ciderMethod,
  gOdinMethod,
  confBranchMethod,
]);
