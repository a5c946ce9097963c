/** Several detectors as one: the mean of where each one's score stands among those of known images. */
import { expectArguments, kind, kinds } from "../errors/index.js";
import {
  add,
  clip,
  div,
  matmul,
  mul,
  relu,
  reshape,
  sub,
  type Graph,
  type Tensor,
  type Value,
} from "../graph/index.js";
import type { TapName } from "../classifier/taps.js";
import { aValue } from "../graph/ops/operands.js";
import { aDetector, type Detector } from "./detector.js";
import { floats } from "./fitting/statistics.js";
import type { FittedDetector } from "./sampledBank.js";

/**
 * What the combination is called in results, tables and model files.
 *
 * @example const own = result.detectors.find(({ id }) => id === combinationId);
 */
export const combinationId = "combination";

/** Most scores of known images that a rank keeps: the others are interpolated between them. */
const mostKnots = 257;

/** Scores that lie no further apart are one: single precision has no number for one over less, and 0 times infinity would be NaN. */
const leastStep = 1e-30;

/** The ranks of a detector's scores, as a broken line: ascending scores, and the share of known images below each. */
export interface RankCurve {
  readonly scores: Float32Array;
  readonly shares: Float32Array;
  /** How far below the least score a rank has fallen by a half. */
  readonly tail: number;
}

/**
 * The rank curve of known images' scores, infinite ones left out.
 *
 * @param known  scores, at least one finite
 * @example const { scores, shares } = rankCurve([1, 2, 2, 3]); // 1, 2, 3 and 1/8, 1/2, 7/8
 */
export function rankCurve(known: ArrayLike<number>): RankCurve {
  expectArguments("rankCurve", { known: [known, kinds.numbers] });
  const sorted = Float32Array.from(known).filter(Number.isFinite).sort();
  const n = sorted.length;
  const count = Math.min(n, mostKnots);
  const places = Array.from({ length: count }, (_, k) => Math.round((k * (n - 1)) / Math.max(1, count - 1)));
  const scores: number[] = [];
  const shares: number[] = [];
  for (const place of places) {
    const score = sorted[place] ?? 0;
    if (score - (scores.at(-1) ?? -Infinity) < leastStep) continue;
    // equal scores share the middle of their places
    const first = sorted.indexOf(score);
    const last = sorted.lastIndexOf(score);
    scores.push(score);
    shares.push((first + last + 1) / (2 * Math.max(1, n)));
  }
  const [least = 0] = scores;
  const middle = sorted[Math.floor(n / 2)] ?? 0;
  const tail = middle - least >= leastStep ? middle - least : Math.max(Math.abs(least), 1);
  return { scores: Float32Array.from(scores), shares: Float32Array.from(shares), tail };
}

/**
 * Where scores stand among those of known images, [N]: the share of them below, by a broken line, in (0, 1) between their least and
 * largest score, and -t / (1 + t) less where it lies t tails below the least, so that order is kept among what is less known than any.
 */
export function rankOf(score: Value, { scores, shares, tail }: RankCurve): Value {
  const { graph } = score;
  const pieces = scores.length - 1;
  const constant = (shape: readonly number[], values: ArrayLike<number>): Value =>
    graph.constant(floats(shape, values));
  const column = reshape(score, [score.dims[0] ?? 0, 1]);
  const under = div(relu(sub(scores[0] ?? 0, column)), tail);
  const base = sub(shares[0] ?? 0, sub(1, div(1, add(under, 1))));
  if (pieces < 1) return reshape(base, [score.dims[0] ?? 0]);
  const widths = Array.from({ length: pieces }, (_, k) => 1 / ((scores[k + 1] ?? 0) - (scores[k] ?? 0)));
  const steps = Array.from({ length: pieces }, (_, k) => (shares[k + 1] ?? 0) - (shares[k] ?? 0));
  const within = clip(
    mul(sub(column, constant([1, pieces], scores.subarray(0, pieces))), constant([1, pieces], widths)),
    0,
    1,
  );
  return reshape(add(base, matmul(within, constant([pieces, 1], steps))), [score.dims[0] ?? 0]);
}

const aCurve = kinds.fields({ scores: kinds.float32, shares: kinds.float32, tail: kinds.finite });
const aMember = kinds.fields({
  fitted: kinds.fields({ detector: aDetector, parameters: kinds.record, fitted: kinds.record }),
  curve: aCurve,
});

/** Lists that are not empty, of one length. */
function expectPairs(call: string, first: readonly unknown[], second: readonly unknown[]): void {
  const isWhole = first.length > 0 && first.length === second.length;
  const asked = kind(`a list of ${Math.max(1, first.length)}`, () => isWhole);
  expectArguments(call, { curves: [second, asked] });
}

/** A detector of a combination. */
export interface CombinedMember {
  readonly fitted: FittedDetector;
  readonly curve: RankCurve;
}

/**
 * The mean rank of several scores, [N].
 *
 * @param scores  float32 [N], in the order of the curves
 * @example graph.output("score", meanRank([energy, distance], [rankCurve(knownEnergies), rankCurve(knownDistances)]));
 */
export function meanRank(scores: readonly Value[], curves: readonly RankCurve[]): Value {
  expectArguments("meanRank", {
    scores: [scores, kinds.listOf(aValue)],
    curves: [curves, kinds.listOf(aCurve)],
  });
  expectPairs("meanRank", scores, curves);
  const ranks = scores.flatMap((score, k) => curves.slice(k, k + 1).map((curve) => rankOf(score, curve)));
  const sum = ranks.reduce((total, rank) => add(total, rank));
  return mul(sum, 1 / ranks.length);
}

/**
 * Fitted detectors as one fitted detector, whose score is the mean of their ranks among known images: a graph like every other, which
 * exports with what its members were fitted to.
 *
 * @param members  at least one
 * @example const { detector, fitted } = combineDetectors([{ fitted: knn, curve: rankCurve(knownScores) }]);
 * @throws what their scores throw where a model does not show what one of them needs
 */
export function combineDetectors(members: readonly CombinedMember[]): FittedDetector {
  expectArguments("combineDetectors", { members: [members, kinds.listOf(aMember)] });
  expectPairs("combineDetectors", members, members);
  const ids = members.map(({ fitted }) => fitted.detector.id);
  const needs = [...new Set<TapName>(members.flatMap(({ fitted }) => [...fitted.detector.needs]))];
  const score = (graph: Graph, taps: Parameters<Detector["score"]>[1]): Value =>
    meanRank(
      members.map(({ fitted: { detector, fitted, parameters } }) =>
        detector.score(graph, taps, fitted, parameters),
      ),
      members.map(({ curve }) => curve),
    );
  const detector: Detector = {
    id: combinationId,
    title: `Combination of ${ids.join(", ")}`,
    aliases: [],
    version: 1,
    jumps: members.some(({ fitted }) => fitted.detector.jumps),
    assumesPositive: members.some(({ fitted }) => fitted.detector.assumesPositive),
    needs,
    source: "a mean of ranks; its members are chosen on validation images",
    formula: "mean over members of F_m(s_m)",
    cost: "its members'; 257 scores for each",
    notes: [],
    parameters: {},
    fittedNames: [],
    bank: null,
    fitOn: () => null,
    fitReads: [],
    fitCode: "",
    fitTaps: [],
    fit: () => Promise.resolve({ tensors: noTensors, bank: null }),
    remarks: () => [],
    score,
  };
  return { detector, parameters: { members: ids.join(", ") }, fitted: { tensors: noTensors, bank: null } };
}

const noTensors: Readonly<Record<string, Tensor>> = {};
