/**
 * A combination of detectors, chosen on validation images: the best of all, and then again and again the one whose rank beside those
 * chosen tells known from unknown best, until nothing is gained. Test images have no part in it.
 */
import {
  auroc,
  bankBytes,
  combineDetectors,
  Graph,
  largestBankInGraph,
  meanRank,
  rankCurve,
  type Engine,
  type FittedDetector,
  type RankCurve,
} from "oal-core";
import { confidencesOf } from "./outputs.js";
import { mayChoose, type CombinationChoice, type SetScores } from "./result.js";

/** Most detectors of a combination. */
const mostMembers = 4;
/** The least gain of validation AUROC for which another detector is taken. */
const leastGain = 0.001;

/** A group of scores that a choice is measured on: known ones against unknown ones, by detector. */
export interface ChoosingTrial {
  readonly known: ScoresByDetector;
  /** Groups weigh alike, whatever they hold; so do sets within a group. */
  readonly unknown: readonly (readonly ScoresByDetector[])[];
}

/** A combination that was chosen. */
export interface Combination {
  readonly fitted: FittedDetector;
  readonly choice: CombinationChoice;
  readonly curves: readonly RankCurve[];
  readonly members: readonly string[];
}

/** {@link rankOf} of plain numbers, for choosing. */
function ranksOf(scores: ArrayLike<number>, { scores: at, shares, tail }: RankCurve): Float64Array {
  return Float64Array.from(scores, (score) => {
    const [least = 0] = at;
    if (score < least) {
      const t = (least - score) / tail;
      return (shares[0] ?? 0) - (t === Infinity ? 1 : t / (1 + t));
    }
    let [low, high] = [0, at.length - 1];
    if (score >= (at[high] ?? 0)) return shares[high] ?? 0;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((at[middle] ?? 0) <= score) low = middle;
      else high = middle;
    }
    const [from, to] = [at[low] ?? 0, at[high] ?? 0];
    const [a, b] = [shares[low] ?? 0, shares[high] ?? 0];
    return a + ((b - a) * (score - from)) / (to - from);
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

type ScoresByDetector = Readonly<Record<string, ArrayLike<number>>>;

/** Ranks of scores among those of known images, by detector. */
function ranksAmong(
  ids: readonly string[],
  known: ScoresByDetector,
): (scores: ScoresByDetector) => ReadonlyMap<string, Float64Array> {
  const curves = new Map(ids.map((id) => [id, rankCurve(known[id] ?? [])]));
  return (scores) =>
    new Map([...curves].map(([id, curve]): [string, Float64Array] => [id, ranksOf(scores[id] ?? [], curve)]));
}

/** The sums of some detectors' ranks. */
function total(ranks: ReadonlyMap<string, Float64Array>, chosen: readonly string[]): Float64Array {
  const sum = (ranks.get(chosen[0] ?? "") ?? new Float64Array()).slice();
  for (const id of chosen.slice(1)) ranks.get(id)?.forEach((rank, i) => (sum[i] = (sum[i] ?? 0) + rank));
  return sum;
}

/**
 * What a combination says where its ranks are taken among the known images themselves: sums of ranks, as good as their means for whatever
 * compares them.
 */
export function rankSums(
  members: readonly string[],
  known: ScoresByDetector,
  unknown: ScoresByDetector,
): { readonly known: Float64Array; readonly unknown: Float64Array } {
  const of = ranksAmong(members, known);
  return { known: total(of(known), members), unknown: total(of(unknown), members) };
}

/**
 * Chooses greedily.
 *
 * @param ids  candidates; of equal ones the earlier is taken
 * @param trials  what the choice is measured on, at least one; every detector scores all of them
 */
export function chooseMembers(ids: readonly string[], trials: readonly ChoosingTrial[]): CombinationChoice {
  const ranked = trials.map(({ known, unknown }) => {
    const of = ranksAmong(ids, known);
    return { known: of(known), unknown: unknown.map((sets) => sets.map(of)) };
  });
  const measure = (chosen: readonly string[]): number =>
    mean(
      ranked.map(({ known, unknown }) => {
        const id = total(known, chosen);
        return mean(unknown.map((sets) => mean(sets.map((set) => auroc(id, total(set, chosen))))));
      }),
    );
  const steps: { detector: string; auroc: number }[] = [];
  for (;;) {
    const taken = steps.map(({ detector }) => detector);
    const tried = ids
      .filter((id) => !taken.includes(id))
      .map((detector) => ({ detector, auroc: measure([...taken, detector]) }));
    const [first] = tried;
    if (!first) return { steps };
    const best = tried.reduce((top, each) => (each.auroc > top.auroc ? each : top), first);
    const before = steps.at(-1)?.auroc ?? 0;
    if (steps.length > 0 && (steps.length === mostMembers || best.auroc < before + leastGain))
      return { steps, refused: best };
    steps.push(best);
  }
}

/**
 * The combination of detectors that were scored.
 *
 * @param ready  fitted detectors; those whose bank no file can hold are no candidates
 * @param scores  of validation and other sets, of which those of the test have no part in the choice
 * @returns a sentence where there is nothing to choose by or from
 */
export function chooseCombination(
  ready: readonly FittedDetector[],
  scores: readonly SetScores[],
  largestBank = largestBankInGraph,
): Combination | string {
  const usable = ready.filter(({ fitted: { bank } }) => bank === null || bankBytes(bank) <= largestBank);
  const known = scores.find(({ group, labels }) => group === "validation" && labels.length > 0);
  const unknown = scores.filter(({ group, labels }) => mayChoose(group) && labels.length > 0);
  if (!known || unknown.length === 0)
    return "no combination of detectors was made: choosing one needs known and unknown validation images";
  if (usable.length < 2) return "no combination of detectors was made: it takes two of them or more";
  const groups = [...new Set(unknown.map(({ group }) => group))];
  const trial: ChoosingTrial = {
    known: known.confidence,
    unknown: groups.map((group) =>
      unknown.filter((set) => set.group === group).map(({ confidence }) => confidence),
    ),
  };
  const choice = chooseMembers(
    usable.map(({ detector }) => detector.id),
    [trial],
  );
  return combinationOf(usable, choice, known.confidence);
}

/** The combination of a choice. @param known  scores of known images that ranks are taken among, by detector */
export function combinationOf(
  fitted: readonly FittedDetector[],
  choice: CombinationChoice,
  known: Readonly<Record<string, ArrayLike<number>>>,
): Combination {
  const members = choice.steps.flatMap(({ detector }) => {
    const own = fitted.find((each) => each.detector.id === detector);
    return own ? [{ fitted: own, curve: rankCurve(known[detector] ?? []) }] : [];
  });
  return {
    choice,
    fitted: combineDetectors(members),
    curves: members.map(({ curve }) => curve),
    members: members.map((each) => each.fitted.detector.id),
  };
}

/** The combination's score of images whose members' scores are known. */
export async function combinedScores(
  engine: Engine,
  { members, curves }: Combination,
  sets: readonly Readonly<Record<string, ArrayLike<number>>>[],
): Promise<Float32Array[]> {
  const graph = new Graph();
  const inputs = members.map((id) => graph.input(id, { dtype: "float32", shape: ["images"] }));
  graph.output("confidence", meanRank(inputs, curves));
  const session = await engine.compile(graph);
  try {
    const scores: Float32Array[] = [];
    for (const set of sets) {
      const count = set[members[0] ?? ""]?.length ?? 0;
      const feeds = members.map((id) => {
        const data = Float32Array.from(set[id] ?? []);
        return [id, { dtype: "float32", shape: [count], data } as const] as const;
      });
      if (count === 0) scores.push(new Float32Array());
      else {
        const { confidence } = await session.run(Object.fromEntries(feeds));
        scores.push(confidencesOf(confidence).slice());
      }
    }
    return scores;
  } finally {
    await session.release();
  }
}

/** What was chosen and why, in a sentence. */
export function combinationSentence(
  { steps, refused }: CombinationChoice,
  by = "validation AUROC over near and far",
): string {
  const points = (auroc: number): string => `${(100 * auroc).toFixed(2)} %`;
  const taken = steps.map(({ detector, auroc }) => `${detector} (${points(auroc)})`).join(", then ");
  const why = refused
    ? steps.length === mostMembers
      ? `${mostMembers} are the most`
      : `${refused.detector} beside them would make it ${points(refused.auroc)}, a gain below ${(100 * leastGain).toFixed(1)} points`
    : "there are no others";
  return `combination: the mean rank of ${taken}, by ${by}; ${why}`;
}
