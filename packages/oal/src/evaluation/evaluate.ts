/** Evaluation of one model: scores of all detectors on all sets, then every metric with its bootstrap interval. */
import {
  accuracy,
  aurc,
  bootstrap,
  calibration,
  detectionMetrics,
  detectors,
  drawResamples,
  makeDecision,
  meanMetrics,
  metricVector,
  oalError,
  oscr,
  percentileInterval,
  Random,
  type BootstrapSamples,
  type Calibration,
  type Engine,
  type FittedDetector,
  type MetricName,
  type MetricVector,
  type ParameterValues,
} from "oal-core";
import type {
  DetectorResult,
  EvaluationResult,
  MetricIntervals,
  MetricSummary,
  ModelScores,
  OutputSet,
  SetScores,
} from "./result.js";
import { fitDetectors, scoreSets } from "./score.js";

/** How to evaluate. */
export interface EvaluateOptions {
  /** Detector ids or aliases, table order. Default: all that are registered. */
  readonly detectors?: readonly string[];
  /** Hyper-parameters by detector id. */
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Share of ID validation images that the decisions keep, in (0, 1]. Default 0.95. */
  readonly keep?: number;
  /** Bootstrap resamples B. Default 2000, the protocol's. */
  readonly resamples?: number;
  /** Seed of the bootstrap. Default 0; the same for all models, so that they are resampled alike. */
  readonly seed?: number;
}

/** An evaluation with what it rests on. */
export interface Evaluation {
  readonly result: EvaluationResult;
  /** Scores of every image. */
  readonly scores: ModelScores;
  /** For export: the fitted detectors. */
  readonly fitted: readonly FittedDetector[];
}

/** Protocol defaults of the bootstrap. */
export const bootstrapDefaults = { resamples: 2000, seed: 0 } as const;

/**
 * Evaluates one model from its outputs.
 *
 * @param engine  computes the scores
 * @param model  its name in tables, such as "ce" or "oal"
 * @param seed  its training seed
 * @param sets  outputs on ID train (for detectors that are fitted on it), validation and test, near and far OOD
 * @throws OAL-E101 (a NaN score), OAL-E102 (no ID test image), OAL-E201 and OAL-E202 (detector, parameter), OAL-E104 (arrays that do not fit), OAL-E210 (keep)
 * @source PROTOCOL sections 1, 5 and 9
 */
export async function evaluate(
  engine: Engine,
  model: string,
  seed: number,
  sets: readonly OutputSet[],
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const test = sets.find((set) => set.group === "test");
  if (test === undefined || test.labels.length === 0)
    throw oalError("OAL-E102", { metric: "evaluation", side: "ID" });
  const chosen = options.detectors?.map((id) => detectors.find(id)) ?? detectors.all;
  const { fitted, warnings } = await fitDetectors(chosen, sets, options.parameters);
  const scores = await scoreSets(engine, model, seed, sets, fitted);
  const parameters = Object.fromEntries(fitted.map((item) => [item.detector.id, item.parameters]));
  const result = summarize(scores, calibration(test.logits, test.labels), parameters, options, warnings);
  return { result, scores, fitted };
}

/** Rows (detectors) by OOD sets, resampled with the indices every model shares. The validation set, if any, is the last set. */
export function resampleScores(
  rows: readonly { readonly scores: ModelScores; readonly detector: string }[],
  setNames: readonly string[],
  options: { readonly resamples?: number; readonly seed?: number } = {},
): BootstrapSamples {
  const { resamples, seed } = { ...bootstrapDefaults, ...options };
  const confidenceOf = (scores: ModelScores, name: string, detector: string): ArrayLike<number> =>
    scores.sets.find((set) => set.name === name)?.confidence[detector] ?? [];
  const table = rows.map(({ scores, detector }) => ({
    id: scores.sets.find((set) => set.group === "test")?.confidence[detector] ?? [],
    ood: setNames.map((name) => confidenceOf(scores, name, detector)),
  }));
  const counts = table[0]?.ood.map((values) => values.length) ?? [];
  const source = drawResamples(
    new Random(seed, "evaluation/bootstrap"),
    resamples,
    table[0]?.id.length ?? 0,
    counts,
  );
  return bootstrap(table, source);
}

function summarize(
  scores: ModelScores,
  calibrated: Calibration,
  parameters: Readonly<Record<string, ParameterValues>>,
  options: EvaluateOptions,
  warnings: readonly string[],
): EvaluationResult {
  const test = scores.sets.find((set) => set.group === "test");
  const validation = scores.sets.find((set) => set.group === "validation" && set.labels.length > 0);
  const ood = scores.sets.filter(isOod);
  if (test === undefined) throw oalError("OAL-E102", { metric: "evaluation", side: "ID" });
  const names = [...ood.map((set) => set.name), ...(validation === undefined ? [] : [validation.name])];
  const { resamples, seed } = { ...bootstrapDefaults, ...options };
  const samples = resampleScores(
    scores.detectors.map((detector) => ({ scores, detector })),
    names,
    { resamples, seed },
  );
  const intervalsOf = (resampled: (metric: MetricName) => Float64Array): MetricIntervals | null =>
    resamples === 0 ? null : metricVector((metric) => percentileInterval(resampled(metric)));
  const correct = Uint8Array.from(test.labels, (label, i) => (label === test.predictions[i] ? 1 : 0));
  const wrong = correct.map((value) => 1 - value);
  const results = scores.detectors.map((id, row): DetectorResult => {
    const idConfidence = test.confidence[id] ?? [];
    const setResults = ood.map((set, k) => ({
      name: set.name,
      group: set.group,
      count: set.labels.length,
      metrics: detectionMetrics(idConfidence, set.confidence[id] ?? []),
      interval: intervalsOf((metric) => samples.metric(row, k, metric)),
      oscr: oscr(idConfidence, correct, set.confidence[id] ?? []),
    }));
    const groupMean = (group: "near" | "far"): MetricSummary | null => {
      const members = setResults.flatMap((set, k) => (set.group === group ? [k] : []));
      if (members.length === 0) return null;
      const vectors = members.flatMap((k): MetricVector[] =>
        setResults.slice(k, k + 1).map((set) => set.metrics),
      );
      return {
        metrics: meanMetrics(vectors),
        interval: intervalsOf((metric) => samples.mean(row, members, metric)),
      };
    };
    const known = validation?.confidence[id];
    return {
      id,
      parameters: parameters[id] ?? {},
      sets: setResults,
      near: groupMean("near"),
      far: groupMean("far"),
      nullTest:
        known === undefined
          ? null
          : {
              auroc: detectionMetrics(idConfidence, known).auroc,
              interval: resamples === 0 ? null : percentileInterval(samples.metric(row, ood.length, "auroc")),
            },
      aurc: aurc(idConfidence, wrong),
      decision:
        known === undefined ? null : makeDecision(known, { detector: id, target: options.keep ?? 0.95 }),
    };
  });
  return {
    model: scores.model,
    seed: scores.seed,
    idCount: test.labels.length,
    idAccuracy: accuracy(test.predictions, test.labels),
    calibration: calibrated,
    detectors: results,
    bootstrap: { seed, resamples },
    warnings,
  };
}

/** Is a set one of the OOD sets with a place in the tables? */
export function isOod(set: SetScores): set is SetScores & { readonly group: "near" | "far" } {
  return set.group === "near" || set.group === "far";
}
