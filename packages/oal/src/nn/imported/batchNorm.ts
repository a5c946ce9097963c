/** BatchNormalization of a network that was read: with the statistics that its file keeps, or with those of the batch. */
import { add, batchNormInference, batchNormTraining, mul, sizeOf, type Node, type Value } from "oal-core";
import type { Context } from "../context.js";
import { constantBehind, isBatchNorm } from "./roles.js";

/**
 * The node with the statistics of the batch; the running ones follow by ONNX's momentum (default 0.9 of the old), the variance
 * unbiased as PyTorch's.
 *
 * @param adapted the statistics that follow the batches
 * @returns null for any other node, and for one whose statistics are not among them
 * @source ONNX BatchNormalization-15, training_mode; torch.nn.BatchNorm2d
 */
export function adaptedBatchNorm(
  context: Context,
  node: Node,
  [x, scale, bias, mean, variance]: readonly (Value | null)[],
  adapted: ReadonlySet<Value>,
): readonly Value[] | null {
  const names = [3, 4].map((index) => constantBehind(node.inputs[index] ?? null));
  const [meanOf, varianceOf] = names;
  if (!isBatchNorm(node) || !x || !scale || !bias || !mean || !variance || !meanOf || !varianceOf)
    return null;
  if (!adapted.has(meanOf) || !adapted.has(varianceOf)) return null;
  const { epsilon = 1e-5, momentum = 0.9 } = node.attributes;
  const found = batchNormTraining(x, scale, bias, Number(epsilon));
  const count = sizeOf(x.shape) / Math.max(1, x.size(1));
  const [kept, taken] = [Number(momentum), 1 - Number(momentum)];
  const unbiased = mul(found.variance, count / Math.max(1, count - 1));
  context.updateBuffer(meanOf.name, add(mul(mean, kept), mul(found.mean, taken)));
  context.updateBuffer(varianceOf.name, add(mul(variance, kept), mul(unbiased, taken)));
  return [found.y];
}

/**
 * The node with the statistics of the file, where it stands there in the form of a training, which takes those of the batch.
 *
 * @returns null for any other node
 */
export function settledBatchNorm(
  node: Node,
  [x, scale, bias, mean, variance]: readonly (Value | null)[],
): readonly Value[] | null {
  const { epsilon = 1e-5, training_mode: mode = 0 } = node.attributes;
  if (!isBatchNorm(node) || mode !== 1 || !x || !scale || !bias || !mean || !variance) return null;
  return [batchNormInference(x, scale, bias, mean, variance, Number(epsilon))];
}
