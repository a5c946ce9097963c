/**
 * Losses that look at outliers: energies of logits, and labels that say "any class".
 * Energy here is the confidence logsumexp(z), large for in-distribution, as in METHOD 10.4; the physicists' sign is its negative.
 */
import {
  add,
  concat,
  logSoftmax,
  logSumExp,
  mul,
  neg,
  oneHot,
  reduceMean,
  relu,
  reshape,
  softplus,
  stopGradient,
  sub,
  int64Tensor,
  type Operand,
  type Value,
} from "oal-core";
import type { Context } from "../context.js";
import { filled, zeros } from "../initialisers.js";
import { linearLayer } from "../layers/linear.js";
import { softCrossEntropy } from "./crossEntropy.js";

/** logsumexp over the components: float32 [N, C] to float32 [N]. */
export function energy(logits: Value): Value {
  return logSumExp(logits, [1], false);
}

/**
 * Cross-entropy of outliers against the uniform label: -(1/m) sum_j (1/C) sum_c log softmax(z_j)_c. Least, log C, when all logits agree.
 *
 * @param logits float32 [M, C] of outliers
 * @source Hendrycks et al. 2019, "Deep Anomaly Detection with Outlier Exposure", section 4; METHOD 10.4 E1, E2
 */
export function uniformLabelLoss(logits: Value): Value {
  return neg(reduceMean(logSoftmax(logits, 1), [0, 1]));
}

/**
 * Squared hinges: mean relu(inside - E_in)^2 + mean relu(E_out - outside)^2.
 *
 * @param idEnergy float32 [N]
 * @param outlierEnergy float32 [M]
 * @param inside energy that in-distribution samples should exceed
 * @param outside energy that outliers should stay below
 * @source Liu et al. 2020, equation 8, with our sign; METHOD 10.4 E1
 */
export function energyMarginLoss(
  idEnergy: Value,
  outlierEnergy: Value,
  inside: Operand,
  outside: Operand,
): Value {
  const below = relu(sub(inside, idEnergy));
  const above = relu(sub(outlierEnergy, outside));
  return add(reduceMean(mul(below, below), [0]), reduceMean(mul(above, above), [0]));
}

/**
 * `energyMarginLoss` with ID samples above the batch's mean ID energy and outliers `margin` below it. The mean is a constant of the
 * step, in place of METHOD's percentile at the start, so that a run from scratch needs no first pass.
 */
export function relativeEnergyMarginLoss(idEnergy: Value, outlierEnergy: Value, margin: number): Value {
  const centre = stopGradient(reduceMean(idEnergy, [0]));
  return energyMarginLoss(idEnergy, outlierEnergy, centre, sub(centre, margin));
}

/**
 * Binary cross-entropy of a E + b, ID = 1, outlier = 0, with a = softplus(`scale`) > 0 and b = `bias`, both learned: the mean over ID
 * samples plus the mean over outliers, so that its weight does not depend on how many outliers a step shows. With as many of one
 * as of the other it is twice the mean over all samples, which METHOD writes and the published ablation computes.
 *
 * @param context the module's own context; parameters `scale` [] and `bias` []; a starts at 1
 * @source METHOD 10.4 E1 (logistic energy), after Du et al. 2022 (VOS), equation 5
 */
export function logisticEnergyLoss(context: Context, idEnergy: Value, outlierEnergy: Value): Value {
  const scale = softplus(context.parameter("scale", [], filled(Math.log(Math.E - 1)), { decay: false }));
  const bias = context.parameter("bias", [], zeros, { decay: false });
  const score = (values: Value): Value => add(mul(values, scale), bias);
  const inside = reduceMean(softplus(neg(score(idEnergy))), [0]);
  return add(inside, reduceMean(softplus(score(outlierEnergy)), [0]));
}

/**
 * The published ablation: energies through Linear(1, 2), then mean cross-entropy with label 1 for ID and 0 for outliers.
 *
 * @param context the module's own context ("logistic_regression1"); parameters `0.weight` [2, 1] and `0.bias` [2]
 * @returns the loss, and the logits [N + M, 2] inside it, ID rows first
 * @source HengGao12/OAL openood/trainers/oal_trainer.py, energy_rl; METHOD 8
 */
export function energyClassifier(
  context: Context,
  idEnergy: Value,
  outlierEnergy: Value,
): { readonly logits: Value; readonly loss: Value } {
  const inside = idEnergy.shape[0] ?? 0;
  const count = inside + (outlierEnergy.shape[0] ?? 0);
  const logits = linearLayer(
    context.child("0"),
    reshape(concat([idEnergy, outlierEnergy], 0), [count, 1]),
    2,
  );
  const labels = context.graph.constant(
    int64Tensor(
      [count],
      Array.from({ length: count }, (_, row) => (row < inside ? 1 : 0)),
    ),
  );
  return { logits, loss: softCrossEntropy(logits, oneHot(labels, 2)) };
}
