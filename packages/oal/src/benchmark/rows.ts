/** From the scores of a model's seeds to its rows: metrics with spread and intervals, null test, selective classification. */
import { accuracy, aurc, delong, metrics, oalError, type MetricName } from "oal-core";
import { rowsOf, type SeedRow } from "../evaluation/overSeeds.js";
import { mayChoose, type ModelScores, type SetScores } from "../evaluation/result.js";
import { drawSeedsInThreads } from "../evaluation/seedSamples.js";
import { isOod } from "../evaluation/summary.js";
import type { BenchmarkRow, Figure, Place } from "./result.js";
import type { DetectorScores } from "./measure.js";

/** One seed of a model, scored. */
export interface ScoredSeed {
  readonly seed: number;
  /** All sets but the training set: the known test images first of the group "test", shifted ones behind them, each apart. */
  readonly sets: readonly SetScores[];
  readonly measured: readonly DetectorScores[];
}

/** How rows are made. */
export interface RowOptions {
  readonly resamples: number;
  readonly seed: number;
  /** Threads that resample; 0: one per core. Default 1. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told the detectors that are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * The rows of one model.
 *
 * @param seeds  the same sets in each
 * @source PROTOCOL sections 5 and 9
 */
export async function rowsOfModel(
  model: string,
  seeds: readonly ScoredSeed[],
  { resamples, seed, threads, signal, onProgress }: RowOptions,
): Promise<Omit<BenchmarkRow, "rank">[]> {
  const detectors = [...new Set(seeds.flatMap(({ measured }) => measured.map(({ detector }) => detector)))];
  const known = seeds.map(({ sets }) => mergedTest(sets.filter(({ group }) => !mayChoose(group))));
  const rows: Omit<BenchmarkRow, "rank">[] = [];
  let done = 0;
  for (const group of bySeeds(detectors, seeds)) {
    const scores = group.seeds.map((k): ModelScores => ({
      model,
      seed: seeds[k]?.seed ?? k,
      detectors: group.detectors,
      sets: known[k] ?? [],
    }));
    const onTurn = (share: number): void => {
      signal?.throwIfAborted();
      onProgress?.(Math.floor(done + share * group.detectors.length));
    };
    onTurn(0);
    const found = rowsOf(await drawSeedsInThreads([scores], { resamples, seed }, { threads, onTurn }));
    const members = group.seeds.map((k) => seeds[k]);
    for (const detector of group.detectors) rows.push(rowOf(model, detector, scores, found, members));
    done += group.detectors.length;
  }
  onProgress?.(detectors.length);
  return rows.sort((a, b) => detectors.indexOf(a.detector) - detectors.indexOf(b.detector));
}

/** Detectors by the seeds that they served; nearly always all of them. */
function bySeeds(
  detectors: readonly string[],
  seeds: readonly ScoredSeed[],
): { readonly detectors: string[]; readonly seeds: readonly number[] }[] {
  const groups = new Map<string, { readonly detectors: string[]; readonly seeds: readonly number[] }>();
  for (const detector of detectors) {
    const served = seeds.flatMap(({ measured }, k) =>
      measured.some((each) => each.detector === detector) ? [k] : [],
    );
    const group = groups.get(served.join()) ?? { detectors: [], seeds: served };
    group.detectors.push(detector);
    groups.set(served.join(), group);
  }
  return [...groups.values()];
}

/** Known test images and shifted ones as one set, which every set of unknown images is paired with. */
export function mergedTest(sets: readonly SetScores[]): SetScores[] {
  const parts = sets.filter(({ group }) => group === "test");
  const [first, ...others] = parts;
  if (!first) throw oalError("OAL-E102", { metric: "benchmark", side: "ID" });
  if (others.length === 0) return [...sets];
  const joined = (of: (set: SetScores) => ArrayLike<number>): number[] =>
    parts.flatMap((set) => Array.from(of(set)));
  const merged: SetScores = {
    ...first,
    ids: parts.flatMap(({ ids }) => ids),
    labels: Int32Array.from(joined(({ labels }) => labels)),
    predictions: Int32Array.from(joined(({ predictions }) => predictions)),
    confidence: Object.fromEntries(
      Object.keys(first.confidence).map((id) => [
        id,
        Float32Array.from(joined((set) => set.confidence[id] ?? [])),
      ]),
    ),
  };
  return [merged, ...sets.filter(({ group }) => group !== "test")];
}

/** The known test images alone, without shifted ones. */
export function plainTest(sets: readonly SetScores[]): SetScores | undefined {
  return sets.find(({ group }) => group === "test");
}

/** Share of right predictions among the known images of some sets; null without any. */
export function accuracyOf(sets: readonly SetScores[]): number | null {
  const own = sets.filter(({ labels }) => labels.length > 0);
  if (own.length === 0) return null;
  const all = (of: (set: SetScores) => Int32Array): Int32Array =>
    Int32Array.from(own.flatMap((set) => Array.from(of(set))));
  return accuracy(
    all(({ predictions }) => predictions),
    all(({ labels }) => labels),
  );
}

function rowOf(
  model: string,
  detector: string,
  scores: readonly ModelScores[],
  found: readonly SeedRow[],
  seeds: readonly (ScoredSeed | undefined)[],
): Omit<BenchmarkRow, "rank"> {
  const own = found.filter((row) => row.detector === detector);
  const ood = scores[0]?.sets.filter(isOod) ?? [];
  const places = [...new Set(own.map(({ on }) => on))].map((on): Place => ({
    on,
    group: on === "near" || on === "far" ? on : (ood.find(({ name }) => name === on)?.group ?? "far"),
    metrics: figuresAt(own.filter((row) => row.on === on)),
  }));
  const outcomes = seeds.map((each) => each?.measured.find((one) => one.detector === detector));
  const tests = scores.map(({ sets }) => sets.find(({ group }) => group === "test"));
  // shifted images are no validation images under another name: a score may well tell these apart
  const nullTests = seeds.flatMap((each) => {
    const sets = each?.sets ?? [];
    const id = plainTest(sets)?.confidence[detector];
    const validation = sets.find(({ group }) => group === "validation")?.confidence[detector];
    if (!id || !validation || validation.length < 2) return [];
    const { auroc, interval } = delong([{ id, ood: validation }]);
    return [{ auroc: auroc[0] ?? NaN, interval: interval[0] ?? ([NaN, NaN] as const) }];
  });
  return {
    model,
    detector,
    seeds: scores.map(({ seed }) => seed),
    places,
    nullTest: nullTests.length === scores.length ? nullTests : null,
    aurc: tests.map((test) => {
      const wrong = Array.from(test?.labels ?? [], (label, i) => (label === test?.predictions[i] ? 0 : 1));
      return aurc(test?.confidence[detector] ?? [], wrong).aurc;
    }),
    parameters: outcomes.map((outcome) => outcome?.parameters ?? {}),
    searches: outcomes.map((outcome) => outcome?.search ?? null),
  };
}

function figuresAt(rows: readonly SeedRow[]): Record<MetricName, Figure> {
  const figures: Record<MetricName, Figure> = {};
  for (const { id } of metrics.all) {
    const row = rows.find(({ metric }) => metric === id);
    if (row) {
      const { values, mean, deviation, interval } = row;
      figures[id] = { values, mean, deviation, interval };
    }
  }
  return figures;
}
