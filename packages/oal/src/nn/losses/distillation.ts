/** Knowledge distillation: Kullback-Leibler divergences between softmax distributions of teacher and student. */
import { exp, logSoftmax, mul, reduceMean, reduceSum, stopGradient, sub, type Value } from "oal-core";

/**
 * (1/n) sum_i KL(softmax(t_i), softmax(z_i)) = (1/n) sum_i sum_c p_ic (log p_ic - log q_ic).
 *
 * @param target float32 [N, D], logits t of the first distribution; gradient flows into it too
 * @param logits float32 [N, D], logits z of the second
 * @returns float32 scalar, in nats, not negative
 */
export function softmaxDivergence(target: Value, logits: Value): Value {
  const logTarget = logSoftmax(target, 1);
  return reduceMean(reduceSum(mul(exp(logTarget), sub(logTarget, logSoftmax(logits, 1))), [1]), [0]);
}

/**
 * Logit distillation: T^2 KL(softmax(teacher / T), softmax(student / T)), mean over the batch; the teacher is constant.
 *
 * @param student float32 [N, C]
 * @param teacher float32 [N, C]
 * @param temperature T > 0; default 1, the published OAL loss, where larger values soften both sides
 * @source Hinton et al. 2015, section 2; METHOD 5
 */
export function logitDistillation(student: Value, teacher: Value, temperature = 1): Value {
  const fixed = stopGradient(teacher);
  if (temperature === 1) return softmaxDivergence(fixed, student);
  return mul(softmaxDivergence(mul(fixed, 1 / temperature), mul(student, 1 / temperature)), temperature ** 2);
}

/**
 * Feature distillation: KL(softmax(projected teacher), softmax(student features)) over feature components.
 *
 * @param features float32 [N, D], the student's
 * @param projected float32 [N, D], the teacher's features through DT
 * @param detach keep the gradient out of the projection; default false, as published
 * @source METHOD 5; HengGao12/OAL openood/trainers/oal_trainer.py
 */
export function featureDistillation(features: Value, projected: Value, detach = false): Value {
  return softmaxDivergence(detach ? stopGradient(projected) : projected, features);
}
