/** DeLong's covariance of AUROCs of detectors on the same samples: intervals and a paired test without resampling. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { twoSidedP } from "./normal.js";
import { assertSides } from "./ranking.js";
import { ordered, type OrderedScores } from "./sorting.js";

/** 97.5 % quantile of the standard normal distribution. */
const Z975 = 1.959963984540054;

/** One detector's confidences on the common samples. */
export interface ScorePair {
  /** ID confidences [m]. */
  readonly id: ArrayLike<number>;
  /** OOD confidences [n]. */
  readonly ood: ArrayLike<number>;
}

/** AUROCs with their covariance. */
export interface DeLong {
  /** AUROC per detector. */
  readonly auroc: readonly number[];
  /** Covariance [R][R]; NaN with one sample on a side. */
  readonly covariance: readonly (readonly number[])[];
  /** 95 % intervals AUROC ± 1.96 sqrt(variance), unclipped. */
  readonly interval: readonly (readonly [number, number])[];
}

const aPair = kinds.fields({ id: kinds.numbers, ood: kinds.numbers });

/**
 * DeLong's covariance by mid-ranks (ID positive).
 *
 * @param detectors  confidences of R detectors on the same m ID and n OOD samples
 * @throws OAL-E101 (NaN), OAL-E102 (empty side), OAL-E104 (different numbers of samples)
 * @cost O(R (m + n) log(m + n))
 * @source DeLong et al. 1988; Sun and Xu 2014 for the mid-rank form
 */
export function delong(detectors: readonly ScorePair[]): DeLong {
  expectArguments("delong", { detectors: [detectors, kinds.listOf(aPair)] });
  const first = detectors[0];
  const m = first?.id.length ?? 0;
  const n = first?.ood.length ?? 0;
  const parts = detectors.map(({ id, ood }) => {
    if (id.length !== m || ood.length !== n) {
      throw oalError("OAL-E104", {
        what: "DeLong",
        expected: `${m} + ${n}`,
        found: `${id.length} + ${ood.length}`,
      });
    }
    return placements(id, ood);
  });
  const auroc = parts.map((part) => mean(part.id));
  const covariance = parts.map((a) =>
    parts.map((b) => sampleCovariance(a.id, b.id) / m + sampleCovariance(a.ood, b.ood) / n),
  );
  const interval = auroc.map((value, r): [number, number] => {
    const half = Z975 * Math.sqrt(Math.max(0, covariance[r]?.[r] ?? 0));
    return [value - half, value + half];
  });
  return { auroc, covariance, interval };
}

/**
 * Paired test of two detectors' AUROCs: z = (a1 - a2) / sqrt(V11 + V22 - 2 V12), p two-sided.
 * Zero variance: p = 1 (z = 0) for equal AUROCs, otherwise p = 0 (z infinite).
 *
 * @throws as `delong`
 */
export function delongTest(a: ScorePair, b: ScorePair): { z: number; p: number } {
  expectArguments("delongTest", { a: [a, aPair], b: [b, aPair] });
  const { auroc, covariance } = delong([a, b]);
  const difference = (auroc[0] ?? 0) - (auroc[1] ?? 0);
  const [v11, v12, v22] = [covariance[0]?.[0] ?? 0, covariance[0]?.[1] ?? 0, covariance[1]?.[1] ?? 0];
  const variance = v11 + v22 - 2 * v12;
  if (!(variance > 0)) {
    return difference === 0 ? { z: 0, p: 1 } : { z: Math.sign(difference) * Infinity, p: 0 };
  }
  const z = difference / Math.sqrt(variance);
  return { z, p: twoSidedP(z) };
}

/** V10(i) = share of OOD below x_i, V01(j) = share of ID above y_j, ties half. */
function placements(id: ArrayLike<number>, ood: ArrayLike<number>): { id: Float64Array; ood: Float64Array } {
  assertSides(id, ood, "DeLong");
  const [known, unknown] = [ordered(id, "DeLong, ID side"), ordered(ood, "DeLong, OOD side")];
  return {
    id: sharesBelow(known, unknown),
    ood: sharesBelow(unknown, known).map((share) => 1 - share),
  };
}

/** For every sample of one side the share of the other side's that lies below it, ties half; by sample. */
function sharesBelow(own: OrderedScores, other: OrderedScores): Float64Array {
  const shares = new Float64Array(own.values.length);
  const all = other.values.length;
  let below = 0;
  let notAbove = 0;
  own.values.forEach((value, k) => {
    while (below < all && (other.values[below] ?? 0) < value) below++;
    while (notAbove < all && (other.values[notAbove] ?? 0) <= value) notAbove++;
    shares[own.samples[k] ?? 0] = (below + notAbove) / 2 / all;
  });
  return shares;
}

function mean(x: Float64Array): number {
  return x.reduce((a, b) => a + b, 0) / x.length;
}

function sampleCovariance(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [mean(x), mean(y)];
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += ((x[i] ?? 0) - mx) * ((y[i] ?? 0) - my);
  return sum / (x.length - 1);
}
