/** E8: the student copies the teacher's doubt on decoded outliers. */
import { z } from "zod";
import { positive, real } from "../../fields.js";
import { logitDistillation } from "../../nn/losses/distillation.js";
import { defineExposure, picturesNeeds } from "./exposure.js";

/** T^2 * KL(softmax(teacher / T) || softmax(student / T)) over decoded outliers; no labels. */
export const outlierDistillation = defineExposure({
  id: "outlierDistillation",
  title: "Outlier-aware distillation (E8)",
  source: "METHOD 10.4 E8",
  schema: z.strictObject({
    distillWeight: real(0, 0, 1000, "KL(teacher || student) on decoded outliers"),
    distillTemperature: positive(2, 100, "temperature of that divergence"),
  }),
  terms: {
    outlierKd: {
      title: "divergence of the student's logits from the teacher's on outliers",
      weight: "distillWeight",
    },
  },
  weights: ["distillWeight"],
  distils: true,
  needs: () => [...picturesNeeds, "outlierTeacherLogits"],
  ignored: ({ distillWeight }) => [
    [["distillTemperature"], distillWeight === 0 && "exposure.distillWeight: 0"],
  ],
  build: ({ outliers, side }, { distillTemperature }) => ({
    outlierKd: logitDistillation(outliers.logits, side("outlierTeacherLogits"), distillTemperature),
  }),
});
