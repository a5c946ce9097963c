/** Distillation of a teacher: its softened probabilities, and its features through the learned map DT. */
import { add, div, mul, reduceMean, reduceSum, sqrt, stopGradient, sub, type Value } from "oal-core";
import { z } from "zod";
import { choice, flag, positive, real } from "../../fields.js";
import { teacherAdapter } from "../../nn/losses/dt.js";
import { meanSquaredError } from "../../nn/losses/reconstruction.js";
import { featureDistillation, logitDistillation } from "../../nn/losses/distillation.js";
import { defineMethod } from "./method.js";

/** The feature term by its form: the student's features, the teacher's through DT, and whether these are held. */
const featureForms: Readonly<
  Record<"softmax" | "l2" | "cosine", (features: Value, mapped: Value, detach: boolean) => Value>
> = {
  softmax: featureDistillation,
  l2: (features, mapped, detach) => meanSquaredError(features, held(mapped, detach)),
  cosine: (features, mapped, detach) => {
    const target = held(mapped, detach);
    const along = reduceSum(mul(features, target), [1]);
    const lengths = [features, target].map((rows) => sqrt(add(reduceSum(mul(rows, rows), [1]), 1e-12)));
    const [own = along, other = along] = lengths;
    return sub(1, reduceMean(div(along, mul(own, other)), [0]));
  },
};

const held = (value: Value, detach: boolean): Value => (detach ? stopGradient(value) : value);

/** weight * KL(teacher || student) on logits, and KL(softmax(DT(teacher features)) || softmax(features)). */
export const distillationMethod = defineMethod({
  id: "distillation",
  title: "Distillation of logits and features",
  source: "METHOD 5; Hinton et al. 2015",
  section: "kd",
  about: "distillation of the teacher",
  schema: z.strictObject({
    logitsWeight: real(4, 0, 1000, "weight of KL(teacher || student) on the logits"),
    featureWeight: real(8, 0, 1000, "weight of the difference of the student's features from DT(teacher)"),
    temperature: positive(1, 100, "both logits are divided by it, the term is multiplied by its square"),
    dtLearningRate: positive(1, 1000, "learning rate of the map DT, as a factor of the student's"),
    featureForm: choice(
      ["softmax", "l2", "cosine"],
      "softmax",
      "what the feature term is: the divergence of softmaxes over the features, the mean squared difference, or 1 less the cosine",
    ),
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
  distils: (options) =>
    (["logitsWeight", "featureWeight"] as const).filter((key) => options[key] > 0).map((key) => `kd.${key}`),
  rates: ({ dtLearningRate }) => ({ dt: dtLearningRate }),
  ignored: ({ logitsWeight, featureWeight }) => [
    [["temperature"], logitsWeight === 0 && "kd.logitsWeight: 0"],
    [["dtLearningRate", "featureForm", "detachTeacherBranch"], featureWeight === 0 && "kd.featureWeight: 0"],
  ],
  build: ({ context, logits, features, side }, options) => {
    const terms: Record<string, Value> = {};
    if (options.logitsWeight > 0)
      terms["logitKd"] = logitDistillation(logits, side("teacherLogits"), options.temperature);
    if (options.featureWeight > 0) {
      const mapped = teacherAdapter(context.child("dt"), side("teacherFeatures"), features.shape[1] ?? 0);
      terms["featureKd"] = featureForms[options.featureForm](features, mapped, options.detachTeacherBranch);
    }
    return terms;
  },
});
