/** Operations on all gradients or all weights together. */
import { add, div, minimum, mul, sqrt, sub, sumOfSquares, type Operand, type Value } from "oal-core";

/**
 * Scales gradients so that their common L2 norm is at most a bound: factor min(1, bound / (norm + 1e-6)).
 *
 * @param gradients any shapes, at least one
 * @param maxNorm the bound; a number or a float32 scalar
 * @returns the scaled gradients in the same order, and the norm before (float32 scalar)
 * @source torch.nn.utils.clip_grad_norm_ (Pascanu et al. 2013, algorithm 1)
 */
export function clipByGlobalNorm(
  gradients: readonly Value[],
  maxNorm: Operand,
): { clipped: Value[]; norm: Value } {
  const norm = sqrt(sumOfSquares(gradients));
  const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  return { clipped: gradients.map((gradient) => mul(gradient, factor)), norm };
}

/**
 * Exponential moving average: decay old + (1 - decay) new. With decay = k / (k + 1) in update k (from 0) it is the plain average (SWA).
 *
 * @param previous the average so far
 * @param current the new weights, same shape
 * @param decay in [0, 1)
 * @param complement 1 - decay; give it as a scalar of its own when decay is a graph value (float32 loses digits in 1 - decay)
 */
export function movingAverage(previous: Value, current: Value, decay: Operand, complement?: Operand): Value {
  const weight = complement ?? (typeof decay === "number" ? 1 - decay : sub(1, decay));
  return add(mul(previous, decay), mul(current, weight));
}
