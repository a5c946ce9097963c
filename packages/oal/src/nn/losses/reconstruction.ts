/** Losses of auto-encoders and denoisers. */
import { abs, add, exp, mul, reduceMean, sub, type Value } from "oal-core";

/** Mean squared error over all elements: two float32 values of one shape to a float32 scalar. */
export function meanSquaredError(a: Value, b: Value): Value {
  const error = sub(a, b);
  return reduceMean(mul(error, error), allAxes(a));
}

/** Mean absolute error over all elements: two float32 values of one shape to a float32 scalar. */
export function meanAbsoluteError(a: Value, b: Value): Value {
  return reduceMean(abs(sub(a, b)), allAxes(a));
}

/**
 * KL of a diagonal Gaussian from the standard one, mean over all latent values: 0.5 (m^2 + v - 1 - log v).
 *
 * @param mean float32, any shape
 * @param logVariance float32, the same shape
 * @source Kingma and Welling 2014, appendix B; METHOD 4.4
 */
export function gaussianDivergence(mean: Value, logVariance: Value): Value {
  const terms = sub(sub(add(mul(mean, mean), exp(logVariance)), 1), logVariance);
  return mul(reduceMean(terms, allAxes(mean)), 0.5);
}

function allAxes(value: Value): number[] {
  return value.shape.map((_, axis) => axis);
}
