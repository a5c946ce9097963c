/** From the scores of every image to metrics with intervals, and decisions. */
import {
  accuracy,
  aurc,
  detectionMetrics,
  meanMetrics,
  oalError,
  oscr,
  percentileInterval,
  sortScores,
  type Calibration,
  type MetricName,
  type MetricVector,
  type ParameterValues,
} from "oal-core";
import { calibrate } from "./calibrate.js";
import { intervalsOf } from "./intervals.js";
import { bootstrapDefaults, resampleTask } from "./resample.js";
import { resampleInThreads } from "./resampleThreads.js";
import type {
  CombinationChoice,
  DetectorResult,
  DetectorSearch,
  EvaluationResult,
  MetricSummary,
  ModelScores,
  SetScores,
} from "./result.js";

/** Share of known pictures that a decision keeps where nothing else is asked for: the protocol's 95 %. */
export const defaultKeep = 0.95;

/** What is summarised beside the scores. */
export interface Measured {
  /** Number of classes. */
  readonly classes: number;
  readonly calibration: Calibration;
  /** By detector id. */
  readonly parameters: Readonly<Record<string, ParameterValues>>;
  /** By detector id; absent where nothing was searched. */
  readonly searches: Readonly<Record<string, DetectorSearch>>;
  /** How the combination of detectors came about; absent where none was made. */
  readonly combination?: CombinationChoice | undefined;
  readonly warnings: readonly string[];
}

/** How to summarise. */
export interface SummaryOptions {
  /** Share of known pictures that the decisions keep, in (0, 1]. Default: `defaultKeep`. */
  readonly keep?: number | undefined;
  /** Share of known pictures above a second cut, in (0, keep]; others that are known are for a person to look at. Default: no such cut. */
  readonly ask?: number | undefined;
  /** Whether every predicted class with enough validation pictures has cuts of its own. Default false. */
  readonly perClass?: boolean | undefined;
  /** Bootstrap resamples B. Default: that of `bootstrapDefaults`. */
  readonly resamples?: number | undefined;
  /** Seed of the bootstrap. Default 0; the same for all models, so that they are resampled alike. */
  readonly seed?: number | undefined;
  /** Threads that resample; 0: one per core. Default 1. The numbers are the same. */
  readonly threads?: number | undefined;
}

/**
 * The result of one model from its scores.
 *
 * @param check  called now and then; what it throws ends the work
 * @throws OAL-E101 (NaN), OAL-E102 (no ID test image), OAL-E210 (keep), OAL-E211 (ask)
 */
export async function summarize(
  scores: ModelScores,
  { classes, calibration, parameters, searches, combination, warnings }: Measured,
  {
    keep = defaultKeep,
    ask,
    perClass = false,
    resamples = bootstrapDefaults.resamples,
    seed = bootstrapDefaults.seed,
    threads = 1,
  }: SummaryOptions,
  check?: () => void,
): Promise<EvaluationResult> {
  const test = scores.sets.find((set) => set.group === "test");
  const validation = scores.sets.find((set) => set.group === "validation" && set.labels.length > 0);
  const ood = scores.sets.filter(isOod);
  if (test === undefined) throw oalError("OAL-E102", { metric: "evaluation", side: "ID" });
  const names = [...ood.map((set) => set.name), ...(validation === undefined ? [] : [validation.name])];
  const task = resampleTask(
    scores.detectors.map((detector) => ({ scores, detector })),
    names,
    { resamples, seed },
  );
  const samples = await resampleInThreads(task, { threads, onTurn: check });
  const summaryOf = (
    values: MetricVector,
    resampled: (metric: MetricName) => Float64Array,
  ): MetricSummary => ({
    metrics: values,
    interval: resamples === 0 ? null : intervalsOf(values, resampled),
  });
  const correct = Uint8Array.from(test.labels, (label, i) => (label === test.predictions[i] ? 1 : 0));
  const wrong = correct.map((value) => 1 - value);
  const results = scores.detectors.map((id, row): DetectorResult => {
    const idConfidence = test.confidence[id] ?? [];
    const known = sortScores(idConfidence, "detection metrics, ID side");
    const setResults = ood.map((set, k) => ({
      name: set.name,
      group: set.group,
      count: set.labels.length,
      ...summaryOf(detectionMetrics(known, set.confidence[id] ?? []), (metric) =>
        samples.metric(row, k, metric),
      ),
      oscr: oscr(idConfidence, correct, set.confidence[id] ?? []),
    }));
    const groupMean = (group: "near" | "far"): MetricSummary | null => {
      const members = setResults.flatMap((set, k) => (set.group === group ? [k] : []));
      if (members.length === 0) return null;
      const vectors = members.flatMap((k): MetricVector[] =>
        setResults.slice(k, k + 1).map((set) => set.metrics),
      );
      return summaryOf(meanMetrics(vectors), (metric) => samples.mean(row, members, metric));
    };
    const validationConfidence = validation?.confidence[id];
    return {
      id,
      parameters: parameters[id] ?? {},
      ...(searches[id] ? { search: searches[id] } : {}),
      sets: setResults,
      near: groupMean("near"),
      far: groupMean("far"),
      nullTest:
        validationConfidence === undefined
          ? null
          : {
              auroc: detectionMetrics(known, validationConfidence).auroc,
              interval: resamples === 0 ? null : percentileInterval(samples.metric(row, ood.length, "auroc")),
            },
      aurc: aurc(idConfidence, wrong),
      decision:
        validation === undefined || validationConfidence === undefined
          ? null
          : calibrate(id, Float32Array.from(validationConfidence), Int32Array.from(validation.predictions), {
              keep,
              ask,
              perClass,
              classes,
            }).decision,
    };
  });
  return {
    model: scores.model,
    seed: scores.seed,
    idCount: test.labels.length,
    idAccuracy: accuracy(test.predictions, test.labels),
    calibration,
    detectors: results,
    bootstrap: { seed, resamples },
    ...(combination ? { combination } : {}),
    warnings,
  };
}

/** Is a set one of the OOD sets with a place in the tables? */
export function isOod(set: SetScores): set is SetScores & { readonly group: "near" | "far" } {
  return set.group === "near" || set.group === "far";
}
