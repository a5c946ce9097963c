/**
 * How well confidences match frequencies: expected and maximum calibration error, Brier score, negative log-likelihood.
 * Bins are closed on the right (probability 1 has a bin), of the maximum probability, not of the logit.
 */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { assertPaired } from "./ranking.js";
import { assertScores } from "./sorting.js";

/** Calibration of a classifier on ID samples. */
export interface Calibration {
  /** Fraction in [0, 1]. */
  readonly ece: number;
  /** Fraction in [0, 1]. */
  readonly mce: number;
  /** In [0, 2]. */
  readonly brier: number;
  /** Nats per sample. */
  readonly nll: number;
}

/**
 * ECE = sum_k (n_k / N) |mean correct - mean confidence| and MCE = max_k of the gap, over bins {e_{k-1} < c <= e_k} with e_k = k / bins
 * (c = 0 in bin 1).
 *
 * @param confidence  probability of the predicted class [N], in [0, 1]
 * @param correct  [N], 1 where the class is right, else 0
 * @param bins  default 15, the field's custom
 * @throws OAL-E101 (NaN), OAL-E102 (no sample)
 * @source PROTOCOL section 9
 */
export function calibrationError(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins = 15,
): { ece: number; mce: number } {
  expectArguments("calibrationError", {
    confidence: [confidence, kinds.numbers],
    correct: [correct, kinds.numbers],
    bins: [bins, kinds.positiveCount],
  });
  assertPaired("calibrationError", confidence, correct);
  const total = confidence.length;
  if (total === 0) throw oalError("OAL-E102", { metric: "ece", side: "ID" });
  assertScores(confidence, "ece");
  const count = new Float64Array(bins);
  const hits = new Float64Array(bins);
  const mass = new Float64Array(bins);
  for (let i = 0; i < total; i++) {
    const c = confidence[i] ?? 0;
    let bin = Math.min(bins, Math.max(1, Math.ceil(c * bins)));
    while (bin > 1 && c <= (bin - 1) / bins) bin--; // the product rounds; the edge k / bins decides
    while (bin < bins && c > bin / bins) bin++;
    count[bin - 1] = (count[bin - 1] ?? 0) + 1;
    hits[bin - 1] = (hits[bin - 1] ?? 0) + ((correct[i] ?? 0) !== 0 ? 1 : 0);
    mass[bin - 1] = (mass[bin - 1] ?? 0) + c;
  }
  let ece = 0;
  let mce = 0;
  for (let k = 0; k < bins; k++) {
    const n = count[k] ?? 0;
    if (n === 0) continue;
    const gap = Math.abs((hits[k] ?? 0) - (mass[k] ?? 0)) / n;
    ece += (n / total) * gap;
    mce = Math.max(mce, gap);
  }
  return { ece, mce };
}

/**
 * Brier = mean_i sum_j (p_ij - 1[j = y_i])^2 and NLL = mean_i -ln p_{i, y_i}, p the softmax in double precision.
 *
 * @param logits  [N, C] flat
 * @param labels  [N], 0..C-1
 * @throws OAL-E101 (NaN), OAL-E102 (no sample), OAL-E103 (a label outside 0..C-1)
 */
export function properScores(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
): { brier: number; nll: number } {
  expectArguments("properScores", { logits: [logits, kinds.numbers], labels: [labels, kinds.numbers] });
  const { probabilities, classes } = softmaxRows(logits, labels.length, "nll");
  let brier = 0;
  let nll = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? -1;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw oalError("OAL-E103", { metric: "nll", index: i, label, classes });
    }
    let largest = -Infinity;
    let sum = 0;
    for (let j = 0; j < classes; j++) largest = Math.max(largest, logits[i * classes + j] ?? 0);
    for (let j = 0; j < classes; j++) {
      sum += Math.exp((logits[i * classes + j] ?? 0) - largest);
      brier += ((probabilities[i * classes + j] ?? 0) - (j === label ? 1 : 0)) ** 2;
    }
    nll += Math.log(sum) + largest - (logits[i * classes + label] ?? 0);
  }
  return { brier: brier / labels.length, nll: nll / labels.length };
}

/**
 * All calibration metrics of a classifier's logits; the confidence is the maximum softmax probability.
 *
 * @param logits  [N, C] flat  @param labels  [N], 0..C-1
 * @param bins  of ECE and MCE, default 15
 * @throws as `calibrationError` and `properScores`
 */
export function calibration(logits: ArrayLike<number>, labels: ArrayLike<number>, bins = 15): Calibration {
  expectArguments("calibration", {
    logits: [logits, kinds.numbers],
    labels: [labels, kinds.numbers],
    bins: [bins, kinds.positiveCount],
  });
  const proper = properScores(logits, labels);
  const { probabilities, classes } = softmaxRows(logits, labels.length, "ece");
  const confidence = new Float64Array(labels.length);
  const correct = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let j = 1; j < classes; j++) if ((row[j] ?? 0) > (row[best] ?? 0)) best = j;
    confidence[i] = row[best] ?? 0;
    correct[i] = best === labels[i] ? 1 : 0;
  }
  return { ...calibrationError(confidence, correct, bins), ...proper };
}

function softmaxRows(
  logits: ArrayLike<number>,
  rows: number,
  metric: string,
): { probabilities: Float64Array; classes: number } {
  if (rows === 0) throw oalError("OAL-E102", { metric, side: "ID" });
  assertScores(logits, metric);
  const classes = logits.length / rows;
  if (!Number.isInteger(classes) || classes === 0) {
    throw oalError("OAL-E104", {
      what: metric,
      expected: `a multiple of ${rows}`,
      found: String(logits.length),
    });
  }
  const probabilities = Float64Array.from(logits);
  for (let i = 0; i < rows; i++) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += row[j] = Math.exp((row[j] ?? 0) - largest);
    for (let j = 0; j < classes; j++) row[j] = (row[j] ?? 0) / sum;
  }
  return { probabilities, classes };
}
