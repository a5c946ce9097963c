/** Distillation of a teacher: its softened probabilities, and its features through the learned map DT. */
import { z } from "zod";
import { teacherAdapter } from "../../nn/losses/dt.js";
import { featureDistillation, logitDistillation } from "../../nn/losses/distillation.js";
import { defineMethod, type WeightedTerm } from "./method.js";

/** weight * KL(teacher || student) on logits, and KL(softmax(DT(teacher features)) || softmax(features)). */
export const distillationMethod = defineMethod({
  id: "distillation",
  title: "Distillation of logits and features",
  source: "METHOD 5; Hinton et al. 2015",
  section: "kd",
  schema: z.object({
    logitsWeight: z.number().default(4),
    featureWeight: z.number().default(8),
    temperature: z.number().default(1),
    detachTeacherBranch: z.boolean().default(false),
  }),
  keysOfOthers: ["teacherView", "dtLearningRate"],
  needs: ({ logitsWeight, featureWeight }) => (logitsWeight > 0 || featureWeight > 0 ? ["teacher"] : []),
  terms: ({ context, logits, features, teacher }, options) => {
    if (!teacher) return [];
    const terms: WeightedTerm[] = [];
    if (options.logitsWeight > 0) {
      const value = logitDistillation(logits, teacher.logits, options.temperature);
      terms.push({ name: "logitKd", value, weight: options.logitsWeight });
    }
    if (options.featureWeight > 0) {
      const mapped = teacherAdapter(context.child("dt"), teacher.features, features.shape[1] ?? 0);
      const value = featureDistillation(features, mapped, options.detachTeacherBranch);
      terms.push({ name: "featureKd", value, weight: options.featureWeight });
    }
    return terms;
  },
});
