/**
 * What the report is made of: plain data, filled by the pipeline from a run's artifacts. Nothing here reads files or knows models.
 * The shapes of results are those of the evaluation artifact's `results.json`; evaluation values assign to them as they are.
 */
import type { MetricName, MetricVector, PerMetric } from "oal-core";
import type { Choice } from "../evaluation/choice.js";
import type { SeedList, SeedRow } from "../evaluation/index.js";
import type { KnownAccuracies } from "../evaluation/result.js";

/** The metrics of one ID set against one OOD set by id, as fractions in [0, 1]. */
export type ReportMetrics = MetricVector;

/** Lower and upper end of a 95 % interval. */
export type Interval = readonly [number, number];

/** Metrics with their bootstrap intervals. */
export interface MeasuredMetrics {
  readonly metrics: ReportMetrics;
  /** Null without resamples. */
  readonly interval: PerMetric<Interval> | null;
}

/** One OOD set under one detector. */
export interface SetResult extends MeasuredMetrics {
  readonly name: string;
  readonly group: "near" | "far" | "validation";
  /** Number of images in the set. */
  readonly count: number;
}

/** All results of one detector on one model. */
export interface DetectorResult {
  readonly id: string;
  readonly sets: readonly SetResult[];
  /** Mean over the near sets; absent or null where a run has none. */
  readonly near?: MeasuredMetrics | null | undefined;
  /** Mean over the far sets; absent or null where a run has none. */
  readonly far?: MeasuredMetrics | null | undefined;
  /** ID validation against ID test: must be 0.5 up to noise. */
  readonly nullTest?: { readonly auroc: number; readonly interval: Interval | null } | null | undefined;
}

/** Results of one trained model (one method, one seed). */
export interface ReportResult {
  /** Id of the method: "ce", "kd", "oal", ... */
  readonly model: string;
  readonly seed: number;
  /** Accuracy on the ID test set, a fraction. */
  readonly idAccuracy: number;
  /** Accuracy on the known images of each part; results of earlier versions have none. */
  readonly accuracies?: KnownAccuracies | undefined;
  readonly calibration: {
    readonly ece: number;
    readonly mce: number;
    readonly brier: number;
    readonly nll: number;
  };
  readonly detectors: readonly DetectorResult[];
}

/** Paired difference of two models on the same images: metric of `models[0]` minus metric of `models[1]`. */
export interface ReportComparison {
  readonly detector: string;
  /** Name of an OOD set, or "near" or "far" for the means. */
  readonly set: string;
  readonly metric: MetricName;
  readonly models: readonly [string, string];
  readonly difference: number;
  readonly interval: Interval;
  /** One difference per seed, where there are several; `difference` is their mean. */
  readonly bySeed?: readonly number[];
  /** Standard deviation of these over seeds, ddof 0. */
  readonly deviation?: number;
  /** Two-sided p value. */
  readonly p: number;
  /** p lies below what the number of resamples can show, and is that of their standard error. */
  readonly beyond?: true;
  /** p adjusted for the other detectors and sets of the same two models (Holm): what verdicts go by. */
  readonly adjustedP: number;
  /** Degrees of freedom of the interval over several seeds. */
  readonly degrees?: number;
  /** Two-sided p value of DeLong's test, for AUROC on a single set. */
  readonly delongP?: number;
}

/** What a scored set is to the models. */
export type SetGroup = "id" | "id-validation" | "near" | "far" | "validation";

/** Per-image scores of one model on one set; every array has one entry per image. */
export interface ReportScores {
  readonly model: string;
  readonly set: string;
  readonly group: SetGroup;
  /** Confidence per detector id; larger means more in-distribution. */
  readonly confidences: Readonly<Record<string, Float32Array>>;
  /** True class, -1 for OOD. */
  readonly labels: ArrayLike<number>;
  readonly predictions: ArrayLike<number>;
  readonly ids: readonly string[];
}

/** One training run's loss terms over its steps, from `events.jsonl`. */
export interface ReportCurves {
  /** What was trained: "teacher", "student oal", "latent denoiser", ... */
  readonly run: string;
  readonly terms: Readonly<Record<string, readonly { readonly step: number; readonly value: number }[]>>;
}

/** A picture made of many images. */
export interface ReportSample {
  readonly title: string;
  readonly caption: string;
  /** Where it is shown: with the data (default) or with the synthesised outliers. */
  readonly section?: "data" | "outliers" | undefined;
  /** A PNG file. */
  readonly png: Uint8Array;
}

/** Features of one set for the two-dimensional map. */
export interface ReportFeatures {
  readonly set: string;
  readonly group: SetGroup | "outlier";
  /** float32 [n, dimension], row-major. */
  readonly points: Float32Array;
  readonly dimension: number;
  /** Class per point, -1 where there is none. */
  readonly labels: ArrayLike<number>;
}

/** One image that the detector decides wrongly, on the wrong side of its threshold. */
export interface ReportMistake {
  readonly kind: "id-rejected" | "ood-accepted";
  /** The image's name in its set, such as its path in the source. */
  readonly id: string;
  readonly png: Uint8Array;
  readonly set: string;
  /** Name of the true class; absent for OOD without one. */
  readonly label?: string | undefined;
  /** Name of the predicted class. */
  readonly prediction: string;
  readonly score: number;
}

/** How many images one model decides wrongly; the worst of them are the mistakes shown. */
export interface ReportMistakeCounts {
  readonly model: string;
  readonly detector: string;
  /** Images with a confidence below it are called unknown. */
  readonly threshold: number;
  /** Least and largest threshold of a predicted class, where every class has its own; then `threshold` decides nothing. */
  readonly perClass?: readonly [number, number] | undefined;
  /** Known test images below the threshold, and all of them. */
  readonly rejected: { readonly count: number; readonly of: number };
  /** Unknown images at or above it, and all of them. */
  readonly accepted: { readonly count: number; readonly of: number };
}

/** What was left out of one set. */
export interface ReportLeftOut {
  readonly set: string;
  /** Pictures that could not be read, and why. */
  readonly unreadable: readonly { readonly id: string; readonly problem: string }[];
  /** Numbers of files that are no pictures, by reason. */
  readonly passedOver: Readonly<Record<string, number>>;
}

/** Operating point of one model and detector. */
export interface ReportThreshold {
  readonly model: string;
  readonly detector: string;
  /** Images with a confidence below it are called unknown. */
  readonly value: number;
  /** Least and largest threshold of a predicted class, where every class has its own; then `value` decides nothing. */
  readonly perClass?: readonly [number, number] | undefined;
  /** Share of known images that it was calibrated to accept, e.g. 0.95. */
  readonly target: number;
  /** Share of ID test images accepted. */
  readonly idTestAccepted?: number | undefined;
  /** Share accepted of each OOD set, by name. */
  readonly oodAccepted?: Readonly<Record<string, number>> | undefined;
}

/** One figure of the audit of the synthesised outliers. */
export interface ReportAudit {
  readonly name: string;
  readonly value: number | string;
  /** What it means and what would be alarming. */
  readonly note?: string | undefined;
}

/** A source of the outliers that students were shown, as the teacher saw a sample of it. Shares are fractions. */
export interface ReportOutlierSource {
  readonly source: string;
  readonly title: string;
  /** Pictures that were looked at. */
  readonly count: number;
  /** Mean largest class probability, of its pictures and of known validation pictures. */
  readonly meanConfidence: number;
  readonly knownMeanConfidence: number;
  /** Share that the teacher is as sure of as of half of the known validation pictures. */
  readonly sure: number;
  /** Median distance to the nearest training picture among the teacher's features, and that of known validation pictures. */
  readonly distance: number;
  readonly knownDistance: number;
  /** Share that is as near to a training picture as half of the known validation pictures are. */
  readonly near: number;
  /** Share that is both, and that of the known validation pictures. */
  readonly fakes: number;
  readonly knownFakes: number;
  readonly distinct: number;
  /** Why it fails its audit; null: it passes. */
  readonly fault: string | null;
  readonly classesLeftOut: readonly { readonly name: string; readonly share: number }[];
  /** What section `keep` left of it; null where it was not asked. */
  readonly kept: { readonly candidates: number; readonly count: number } | null;
}

/** Where and how the run was made. */
export interface ReportEnvironment {
  readonly versions: Readonly<Record<string, string>>;
  readonly hardware: Readonly<Record<string, string | number>>;
  /** Wall seconds per stage, in order. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The command that made the run. */
  readonly command?: string | undefined;
  /** ISO time of the end of the run. */
  readonly finished?: string | undefined;
}

/** A difference between the published code of the method and what it means, and which of both the run has. */
export interface ReportRow {
  readonly id: string;
  readonly title: string;
  readonly state: "fixed" | "published" | "no effect";
  readonly published: string;
  readonly consequence: string;
  readonly corrected: string;
  readonly settings: readonly { readonly key: string; readonly value: unknown }[];
}

/** Everything one report shows. Empty lists leave their section out, with a line that says why. */
export interface ReportInput {
  readonly title: string;
  /** One or two sentences under the title: data, question, budget. */
  readonly summary?: string | undefined;
  /** The resolved configuration, any JSON-like value. */
  readonly configuration: unknown;
  readonly environment: ReportEnvironment;
  /** Class names of the ID set, in label order. */
  readonly classNames: readonly string[];
  readonly results: readonly ReportResult[];
  /** The seeds of the results and what they vary; image by image the first one is shown. Default: whatever seeds the results have. */
  readonly seeds?: SeedList | undefined;
  /** Means over several seeds with their intervals; empty for one seed. */
  readonly overSeeds: readonly SeedRow[];
  /** The detector shown first and why; by default the best on validation OOD, else the first listed. */
  readonly headline?: { readonly detector: string; readonly reason: string } | undefined;
  readonly comparisons: readonly ReportComparison[];
  readonly scores: readonly ReportScores[];
  readonly curves: readonly ReportCurves[];
  readonly samples: readonly ReportSample[];
  /** Which model's features the map shows. */
  readonly featureModel?: string | undefined;
  readonly features: readonly ReportFeatures[];
  readonly mistakes: readonly ReportMistake[];
  /** Whose mistakes these are, and how many there are in all; absent where there is no threshold. */
  readonly mistakesOf?: ReportMistakeCounts | undefined;
  /** Pictures that the run did without, per set; sets that lost none may be absent. */
  readonly leftOut: readonly ReportLeftOut[];
  readonly thresholds: readonly ReportThreshold[];
  readonly audit: readonly ReportAudit[];
  /** What students were shown as unknown; absent where nothing was, or nobody looked. */
  readonly outlierSources?: readonly ReportOutlierSource[] | undefined;
  /** Every setting that could have been tuned, and what chose it. */
  readonly choices: readonly Choice[];
  /** Where the published code does something else than the method means; absent for runs that have nothing of the method. */
  readonly rows?:
    | {
        readonly mode: string;
        readonly rows: readonly ReportRow[];
        readonly notReproduced: Readonly<Record<string, string>>;
      }
    | undefined;
  /** Things the reader should know: warnings of the run. */
  readonly warnings?: readonly string[] | undefined;
  /** Seed of the map's sampling and layout. Default 0. */
  readonly seed?: number | undefined;
}
