/** The uses of outlier pictures. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { energyMargin } from "./energyMargin.js";
import type { Exposure } from "./exposure.js";
import { latentExposure } from "./latentExposure.js";
import { logisticEnergy } from "./logisticEnergy.js";
import { outlierContrast } from "./outlierContrast.js";
import { outlierDistillation } from "./outlierDistillation.js";
import { rejectClass } from "./rejectClass.js";
import { uniformLabel } from "./uniformLabel.js";

/** Every exposure, in the order of the loss. */
export const exposures = new Registry<Exposure>("exposure", [
  uniformLabel,
  energyMargin,
  outlierDistillation,
  logisticEnergy,
  rejectClass,
  latentExposure,
  outlierContrast,
]);
