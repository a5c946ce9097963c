/** Directions of classes that follow the features of a training, and the losses that draw samples to their own and classes apart. */
import {
  add,
  div,
  exp,
  float32Tensor,
  log,
  matmul,
  mul,
  pow,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  stopGradient,
  swapLast,
  type Value,
} from "oal-core";
import type { Context } from "../../nn/context.js";
import { zeros } from "../../nn/initialisers.js";
import { batchNormLayer } from "../../nn/layers/batchNorm.js";
import { linearLayer } from "../../nn/layers/linear.js";
import { softCrossEntropy } from "../../nn/losses/crossEntropy.js";
import { unitRows } from "../../nn/losses/unitRows.js";

/**
 * A small network that features are compared behind: Linear, batch normalisation, ReLU, Linear, to length 1; float32 [N, F] to [N, width].
 *
 * The originals have no normalisation. Features of an untrained network all point the same way, and where all embeddings are one point no loss of
 * products has a gradient: trainings of a few hundred steps did not leave it.
 */
export function projected(context: Context, features: Value, width: number): Value {
  const hidden = linearLayer(context.child("0"), features, features.size(1));
  return unitRows(linearLayer(context.child("2"), relu(batchNormLayer(context.child("1"), hidden)), width));
}

/**
 * Directions of the classes after a batch: each sample in turn moves its own, p <- m p + (1 - m) e, and all are brought to length 1 at the end
 * (in the original after every sample). A class that was never seen is a row of zeros. They are kept in the buffer `prototypes`.
 *
 * @param embeddings float32 [N, D], of length 1
 * @param labels float32 [N, C], one-hot
 * @param momentum m, in [0, 1)
 * @returns float32 [C, D]; gradients reach the embeddings
 */
export function movedPrototypes(context: Context, embeddings: Value, labels: Value, momentum: number): Value {
  const [count = 0, classes = 0] = labels.shape;
  const before = context.buffer("prototypes", [classes, embeddings.size(1)], zeros);
  // how many samples of its own class come later in the batch: its share has been multiplied by m as often
  const upper = Float32Array.from({ length: count * count }, (_, at) =>
    Number(at % count > Math.floor(at / count)),
  );
  const sameLater = mul(
    matmul(labels, swapLast(labels)),
    context.graph.constant(float32Tensor([count, count], upper)),
  );
  const shares = mul(pow(momentum, reduceSum(sameLater, [1], true)), 1 - momentum);
  const kept = reshape(pow(momentum, reduceSum(labels, [0])), [classes, 1]);
  const moved = unitRows(add(mul(before, kept), matmul(swapLast(labels), mul(embeddings, shares))));
  context.updateBuffer("prototypes", moved);
  return moved;
}

/** Mean cross-entropy of each sample's class, softmax over its products with the prototypes divided by the temperature. No gradient reaches these. */
export function compactness(embeddings: Value, prototypes: Value, labels: Value, temperature: number): Value {
  const products = matmul(embeddings, swapLast(stopGradient(prototypes)));
  return softCrossEntropy(div(products, temperature), labels);
}

/** (1/C) sum_c log (1/(C-1)) sum_{k != c} exp(p_c · p_k / temperature). */
export function dispersion(prototypes: Value, temperature: number): Value {
  const classes = prototypes.size(0);
  const others = Float32Array.from({ length: classes * classes }, (_, at) =>
    Number(at % classes !== Math.floor(at / classes)),
  );
  const near = exp(div(matmul(prototypes, swapLast(prototypes)), temperature));
  const mask = prototypes.graph.constant(float32Tensor([classes, classes], others));
  return reduceMean(log(div(reduceSum(mul(near, mask), [1]), classes - 1)), [0]);
}
