/** Distillation of a teacher: its softened probabilities, and its features through the learned map DT. */
import type { Value } from "oal-core";
import { z } from "zod";
import { choice, flag, positive, real } from "../../fields.js";
import { teacherAdapter } from "../../nn/losses/dt.js";
import { featureDistillation, logitDistillation } from "../../nn/losses/distillation.js";
import { defineMethod } from "./method.js";

/** weight * KL(teacher || student) on logits, and KL(softmax(DT(teacher features)) || softmax(features)). */
export const distillationMethod = defineMethod({
  id: "distillation",
  title: "Distillation of logits and features",
  source: "METHOD 5; Hinton et al. 2015",
  section: "kd",
  about: "distillation of the teacher",
  schema: z.strictObject({
    logitsWeight: real(4, 0, 1000, "weight of KL(teacher || student) on the logits"),
    featureWeight: real(8, 0, 1000, "weight of KL(DT(teacher) || student) on the features"),
    temperature: positive(1, 100, "both logits are divided by it, the term is multiplied by its square"),
    dtLearningRate: positive(1, 1000, "learning rate of the map DT, as a factor of the student's"),
    detachTeacherBranch: flag(false, "no gradient into the map DT through the target side"),
    teacherView: choice(
      ["same", "clean"],
      "same",
      "the teacher sees the augmented image of the student, or the plain one (computed once)",
    ),
  }),
  terms: {
    logitKd: { title: "divergence of the student's logits from the teacher's", weight: "logitsWeight" },
    featureKd: { title: "divergence of the student's features from the teacher's", weight: "featureWeight" },
  },
  needs: ({ logitsWeight, featureWeight }) => [
    ...(logitsWeight > 0 ? ["teacherLogits"] : []),
    ...(featureWeight > 0 ? ["teacherFeatures"] : []),
  ],
  rates: ({ dtLearningRate }) => ({ dt: dtLearningRate }),
  ignored: ({ logitsWeight, featureWeight }) => [
    [["temperature"], logitsWeight === 0 && "kd.logitsWeight: 0"],
    [["dtLearningRate", "detachTeacherBranch"], featureWeight === 0 && "kd.featureWeight: 0"],
  ],
  build: ({ context, logits, features, side }, options) => {
    const terms: Record<string, Value> = {};
    if (options.logitsWeight > 0)
      terms["logitKd"] = logitDistillation(logits, side("teacherLogits"), options.temperature);
    if (options.featureWeight > 0) {
      const mapped = teacherAdapter(context.child("dt"), side("teacherFeatures"), features.shape[1] ?? 0);
      terms["featureKd"] = featureDistillation(features, mapped, options.detachTeacherBranch);
    }
    return terms;
  },
});
