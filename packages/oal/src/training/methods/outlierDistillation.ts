/** E8: the student copies the teacher's doubt on decoded outliers. */
import { mul } from "oal-core";
import { z } from "zod";
import { logitDistillation } from "../../nn/losses/distillation.js";
import { defineMethod } from "./method.js";

/** T^2 * KL(softmax(teacher / T) || softmax(student / T)) over decoded outliers; no labels. */
export const outlierDistillationMethod = defineMethod({
  id: "outlierDistillation",
  title: "Outlier-aware distillation (E8)",
  source: "METHOD 10.4 E8",
  section: "exposure",
  schema: z.object({ distillWeight: z.number().default(1), distillTemperature: z.number().default(2) }),
  needs: ({ distillWeight }) => (distillWeight > 0 ? ["outlierImages"] : []),
  terms: ({ outliers, exposureGate }, { distillWeight, distillTemperature }) => {
    if (!outliers || !exposureGate || distillWeight === 0) return [];
    const value = logitDistillation(outliers.logits, outliers.teacherLogits, distillTemperature);
    return [{ name: "outlierKd", value, weight: mul(exposureGate, distillWeight) }];
  },
});
