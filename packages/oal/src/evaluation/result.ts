/** The data of an evaluation: what goes in (outputs of one model per set), the scores of every image, and the results. */
import type { Calibration, Decision, MetricVector, ParameterValues, PerMetric } from "oal-core";

/**
 * Groups of unknown images: near and far ones that settings may be chosen by, and near and far ones that are only measured.
 */
export const unknownGroups = ["validation-near", "validation-far", "near", "far"] as const;

/** One of them. */
export type UnknownGroup = (typeof unknownGroups)[number];

/** Role of a set: ID training, validation and test, and the groups of unknown images. */
export type SetGroup = "train" | "validation" | "test" | UnknownGroup;

/** The groups of unknown images that settings may be chosen by. */
export const choosingGroups = ["validation-near", "validation-far"] as const;

/** One of them. */
export type ChoosingGroup = (typeof choosingGroups)[number];

/** Whether settings may be chosen by sets of a group. */
export function mayChoose(group: SetGroup): group is ChoosingGroup {
  return choosingGroups.some((each) => each === group);
}

/** Scores of every image of one set. */
export interface SetScores {
  readonly name: string;
  readonly group: SetGroup;
  readonly ids: readonly string[];
  /** [n], -1 = OOD */
  readonly labels: Int32Array;
  /** Arg-max class [n], first maximum. */
  readonly predictions: Int32Array;
  /** Confidence [n] by detector id, larger = more in-distribution. */
  readonly confidence: Readonly<Record<string, ArrayLike<number>>>;
}

/** Scores of one model on all sets but the training set. */
export interface ModelScores {
  readonly model: string;
  readonly seed: number;
  /** Detector ids in table order. */
  readonly detectors: readonly string[];
  readonly sets: readonly SetScores[];
}

/** 95 % interval [low, high] of each metric. */
export type MetricIntervals = PerMetric<[number, number]>;

/** Metrics with their bootstrap intervals, fractions. */
export interface MetricSummary {
  readonly metrics: MetricVector;
  /** Null without resamples. */
  readonly interval: MetricIntervals | null;
}

/** A detector on one OOD set. */
export interface SetResult extends MetricSummary {
  readonly name: string;
  readonly group: "near" | "far";
  /** OOD samples. */
  readonly count: number;
  /** Open-set classification rate against this set, fraction. */
  readonly oscr: number;
}

/** A search for a detector's parameters: what was tried on validation images, in order; the first largest value was taken. */
export interface DetectorSearch {
  readonly candidates: readonly {
    readonly parameters: Readonly<Record<string, unknown>>;
    /** AUROC of known against unknown validation images, mean over near and far. */
    readonly auroc: number;
  }[];
}

/** One detector on all sets. */
export interface DetectorResult {
  readonly id: string;
  /** The hyper-parameters used. */
  readonly parameters: ParameterValues;
  /** The search among parameters by validation images; absent when there was none. */
  readonly search?: DetectorSearch;
  readonly sets: readonly SetResult[];
  /** Unweighted mean over the near sets; null when there is none. */
  readonly near: MetricSummary | null;
  /** Unweighted mean over the far sets; null when there is none. */
  readonly far: MetricSummary | null;
  /**
   * ID test against ID validation: 0.5 within its interval (null without resamples) unless the two differ. Null without
   * validation images.
   */
  readonly nullTest: { readonly auroc: number; readonly interval: [number, number] | null } | null;
  /** Selective classification of the ID test images by this confidence. */
  readonly aurc: { readonly aurc: number; readonly excess: number };
  /** Calibrated on the ID validation images; null without any. What `oal score` decides by, and what the report shows. */
  readonly decision: Decision | null;
}

/** How a combination of detectors came about. */
export interface CombinationChoice {
  /** The detectors in the order they were taken, with the validation AUROC that the combination had with each. */
  readonly steps: readonly { readonly detector: string; readonly auroc: number }[];
  /** What was tried next and gained too little; absent where nothing was left to try. */
  readonly refused?: { readonly detector: string; readonly auroc: number };
}

/** Fractions of the known images of each part that a model has right. */
export interface KnownAccuracies {
  readonly train?: number;
  readonly validation?: number;
  readonly test?: number;
}

/** The evaluation of one model (`results.json`). */
export interface EvaluationResult {
  readonly model: string;
  readonly seed: number;
  /** ID test images. */
  readonly idCount: number;
  /** Fraction. */
  readonly idAccuracy: number;
  /** Accuracy on the plain training, validation and test images, where there were outputs on them; results of earlier versions have none. */
  readonly accuracies?: KnownAccuracies;
  readonly calibration: Calibration;
  readonly detectors: readonly DetectorResult[];
  readonly bootstrap: { readonly seed: number; readonly resamples: number };
  /** How the detector "combination" was chosen on validation images; absent where there is none. */
  readonly combination?: CombinationChoice;
  /** Detectors left out, and why. */
  readonly warnings: readonly string[];
}
