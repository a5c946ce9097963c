/**
 * CLUB, a variational upper bound of mutual information, and the networks OAL uses with it.
 * Which row of x goes with which row of y is the caller's business, and so is whether q is frozen: take the
 * value with parameters behind stopGradient, or leave q's parameters out of the gradient.
 */
import {
  add,
  exp,
  logSoftmax,
  mul,
  neg,
  oalError,
  oneHot,
  reduceMean,
  reduceSum,
  relu,
  sub,
  tanh,
  type Value,
} from "oal-core";
import type { Context } from "../context.js";
import { linearLayer } from "../layers/linear.js";
import { crossEntropy } from "./crossEntropy.js";

/** q(y|x), a diagonal Gaussian: both float32 [N, D_y]. */
export interface ConditionalGaussian {
  readonly mean: Value;
  readonly logVariance: Value;
}

/** How feature components are put together: their sum (published) or their mean (METHOD row 25). */
export type ClubReduction = "sum" | "mean";

/**
 * q of CLUB. p_mu: x, floor(hidden / 2), ReLU, y. p_logvar: the same, then tanh, so that the variance lies in (1/e, e).
 *
 * @param context the module's own context ("mi_loss"); parameters `p_mu.0`, `p_mu.2`, `p_logvar.0`, `p_logvar.2`
 * @param x float32 [N, D_x], the outliers
 * @param outputs D_y, width of the student's features
 * @param hidden published: 512
 * @source HengGao12/OAL openood/losses/mi_loss.py class CLUB; METHOD 6
 */
export function clubNetwork(
  context: Context,
  x: Value,
  outputs: number,
  hidden: number,
): ConditionalGaussian {
  const half = Math.floor(hidden / 2);
  return {
    mean: perceptron(context.child("p_mu"), x, [half, outputs]),
    logVariance: tanh(perceptron(context.child("p_logvar"), x, [half, outputs])),
  };
}

/**
 * q of DEEP_CLUB. p_mu: x, floor(x / 2), floor(x / 4), floor(hidden / 2), y with ReLU between; p_logvar as in CLUB.
 *
 * @param context the module's own context ("mi_loss2"); parameters `p_mu.0`, `.2`, `.4`, `.6`, `p_logvar.0`, `.2`
 * @param x float32 [N, D_x], pooled latent outliers
 * @source HengGao12/OAL openood/losses/deep_mi_loss.py class DEEP_CLUB; METHOD 6
 */
export function deepClubNetwork(
  context: Context,
  x: Value,
  outputs: number,
  hidden: number,
): ConditionalGaussian {
  const half = Math.floor(hidden / 2);
  const width = x.shape[1] ?? 0;
  return {
    mean: perceptron(context.child("p_mu"), x, [Math.floor(width / 2), Math.floor(width / 4), half, outputs]),
    logVariance: tanh(perceptron(context.child("p_logvar"), x, [half, outputs])),
  };
}

/**
 * The bound: (1/n) sum_i sum_d [ -(mu_i - y_i)^2 / 2 + (1/n) sum_j (y_j - mu_i)^2 / 2 ] / v_i, with all n negatives (j = i too).
 *
 * Computed in O(n d): (1/n) sum_j (y_j - mu_i)^2 = (ybar - mu_i)^2 + var(y), so each term is
 * [ (ybar - y_i)(ybar + y_i - 2 mu_i) + var(y) ] / (2 v_i). May be negative; exactly 0 for one sample.
 *
 * @param q q(y|x), row i belongs to row i of y
 * @param y float32 [N, D_y]
 * @returns float32 scalar
 * @source Cheng et al. 2020, equation 10 (vCLUB); METHOD 6
 */
export function clubValue(q: ConditionalGaussian, y: Value, reduction: ClubReduction = "sum"): Value {
  checkRows(q, y);
  const centre = reduceMean(y, [0], true);
  const deviation = sub(centre, y);
  const variance = reduceMean(mul(deviation, deviation), [0], true);
  const difference = add(mul(deviation, sub(add(centre, y), mul(q.mean, 2))), variance);
  return mul(overSamples(mul(difference, exp(neg(q.logVariance))), reduction), 0.5);
}

/**
 * The bound with one negative per sample: (1/2n) sum_i sum_d [ (mu_i - y'_i)^2 - (mu_i - y_i)^2 ] / v_i.
 *
 * @param negatives float32 [N, D_y], y in another order
 * @source Cheng et al. 2020, equation 12 (vCLUB-S); METHOD 10.2
 */
export function clubSampleValue(
  q: ConditionalGaussian,
  y: Value,
  negatives: Value,
  reduction: ClubReduction = "sum",
): Value {
  checkRows(q, y);
  const difference = mul(sub(y, negatives), sub(mul(q.mean, 2), add(y, negatives)));
  return mul(overSamples(mul(difference, exp(neg(q.logVariance))), reduction), 0.5);
}

/**
 * What q is fitted by: (1/n) sum_i sum_d [ (mu_i - y_i)^2 / v_i + log v_i ], twice the negative log-likelihood without constants.
 *
 * @returns float32 scalar
 */
export function clubLearningLoss(q: ConditionalGaussian, y: Value, reduction: ClubReduction = "sum"): Value {
  checkRows(q, y);
  const error = sub(q.mean, y);
  return overSamples(add(mul(mul(error, error), exp(neg(q.logVariance))), q.logVariance), reduction);
}

/**
 * The bound for labels: mean_i log q(y_i|x_i) - mean_ij log q(y_j|x_i), q(y|x) the softmax of logits. The second mean is that of
 * log q(.|x_i) weighted with how often each label occurs, so it takes O(n C).
 *
 * @param logits float32 [N, C], of a network of x
 * @param y int64 [N], labels
 * @returns float32 scalar
 * @source Linear95/CLUB mi_estimators.py class CLUBForCategorical
 */
export function clubCategoricalValue(logits: Value, y: Value): Value {
  const logProbabilities = logSoftmax(logits, 1);
  const labels = oneHot(y, logits.size(1));
  const difference = sub(labels, reduceMean(labels, [0], true));
  return reduceMean(reduceSum(mul(difference, logProbabilities), [1]), [0]);
}

/** What a categorical q is fitted by: its mean cross-entropy, -mean_i log q(y_i|x_i). Arguments as in {@link clubCategoricalValue}. */
export function clubCategoricalLearningLoss(logits: Value, y: Value): Value {
  return crossEntropy(logits, y);
}

function perceptron(context: Context, x: Value, widths: readonly number[]): Value {
  return context.scope(() => {
    let value = x;
    widths.forEach((width, layer) => {
      value = linearLayer(context.child(String(2 * layer)), layer === 0 ? value : relu(value), width);
    });
    return value;
  });
}

function overSamples(terms: Value, reduction: ClubReduction): Value {
  return reduction === "mean" ? reduceMean(terms, [0, 1]) : reduceMean(reduceSum(terms, [1]), [0]);
}

function checkRows(q: ConditionalGaussian, y: Value): void {
  if (q.mean.shape.join() === y.shape.join()) return;
  throw oalError("OAL-G101", {
    operator: "CLUB",
    path: y.graph.path,
    problem: `the pairs are row by row, but q has shape [${q.mean.shape.join(", ")}] and y [${y.shape.join(", ")}]`,
  });
}
