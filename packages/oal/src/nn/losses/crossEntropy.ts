/** Cross-entropy against class indices, with label smoothing, or against probabilities. */
import {
  add,
  logSoftmax,
  mul,
  neg,
  oalError,
  oneHot,
  reduceMean,
  reduceSum,
  type Value,
  expectArguments,
  kinds,
} from "oal-core";
import { aValue } from "../arguments.js";

/**
 * Cross-entropy of each sample: -sum_c target_c log softmax(z)_c, target = (1 - s) one-hot + s / C.
 *
 * @param logits float32 [N, C]
 * @param labels int64 [N], each in [0, C)
 * @param smoothing s in [0, 1); default 0
 * @returns float32 [N], in nats
 */
export function crossEntropyPerSample(logits: Value, labels: Value, smoothing = 0): Value {
  expectArguments("crossEntropyPerSample", {
    logits: [logits, aValue],
    labels: [labels, aValue],
    smoothing: [smoothing, kinds.finite],
  });
  const classes = logits.shape[1] ?? 0;
  const hard = oneHot(labels, classes);
  return softCrossEntropyPerSample(
    logits,
    smoothing === 0 ? hard : add(mul(hard, 1 - smoothing), smoothing / classes),
  );
}

/**
 * Mean cross-entropy against class indices.
 *
 * @param logits float32 [N, C]
 * @param labels int64 [N]
 * @param smoothing label smoothing in [0, 1); default 0
 * @returns float32 scalar, in nats
 * @source Szegedy et al. 2016, section 7 (label smoothing), as torch.nn.CrossEntropyLoss
 */
export function crossEntropy(logits: Value, labels: Value, smoothing = 0): Value {
  return reduceMean(crossEntropyPerSample(logits, labels, smoothing), [0]);
}

/** Cross-entropy of each sample against probabilities: float32 [N, C] twice, float32 [N] in nats. */
export function softCrossEntropyPerSample(logits: Value, targets: Value): Value {
  expectArguments("softCrossEntropy", { logits: [logits, aValue], targets: [targets, aValue] });
  if (logits.rank !== 2 || targets.shape.join() !== logits.shape.join()) {
    throw oalError("OAL-G101", {
      operator: "cross-entropy",
      path: logits.graph.path,
      problem: `needs [N, C] twice, found [${logits.shape.join(", ")}] and [${targets.shape.join(", ")}]`,
    });
  }
  return neg(reduceSum(mul(targets, logSoftmax(logits, 1)), [1]));
}

/** Mean cross-entropy against probabilities: float32 [N, C] twice, float32 scalar in nats. */
export function softCrossEntropy(logits: Value, targets: Value): Value {
  return reduceMean(softCrossEntropyPerSample(logits, targets), [0]);
}
