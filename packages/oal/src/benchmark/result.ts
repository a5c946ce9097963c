/** What a benchmark comes to: rows of models and detectors, with what every number rests on. */
import type { Calibration, MetricName, ParameterValues } from "oal-core";
import type { DetectorSearch } from "../evaluation/result.js";
import type { Preprocessing } from "../bundle/facts.js";
import type { SetRole } from "./protocol.js";

/** Version of results.json of a benchmark. */
export const benchmarkFormat = 2;

/** One metric of a row, fractions. */
export interface Figure {
  /** One value per seed. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Standard deviation over seeds, ddof 0; 0 for one seed. */
  readonly deviation: number;
  /**
   * 95 % interval: over images by resampling them, widened by the spread of the seeds (Student's t) where there are several; null without
   * resamples.
   */
  readonly interval: readonly [number, number] | null;
}

/** A row at one place: a set of unknown images, or the unweighted mean over the near or far ones. */
export interface Place {
  /** Name of a set, or "near" or "far". */
  readonly on: string;
  readonly group: "near" | "far";
  readonly metrics: Readonly<Record<MetricName, Figure>>;
}

/** The ranks that a row may have: those of rows whose intervals overlap with its own are ties. */
export interface Rank {
  readonly best: number;
  readonly worst: number;
}

/** One model and detector, all seeds. */
export interface BenchmarkRow {
  readonly model: string;
  readonly detector: string;
  /** Seeds that the detector served, by place. */
  readonly seeds: readonly number[];
  readonly places: readonly Place[];
  /** By near AUROC and by far AUROC; null where the protocol has no such sets. */
  readonly rank: { readonly near: Rank | null; readonly far: Rank | null };
  /**
   * One per seed: known test against known validation images, 0.5 unless the two differ; null without validation images. Shifted images
   * are left out: they do differ.
   */
  readonly nullTest:
    readonly { readonly auroc: number; readonly interval: readonly [number, number] }[] | null;
  /** Area under risk and coverage of the known test images (and shifted ones, for a full spectrum), one per seed. */
  readonly aurc: readonly number[];
  /** What was used, one per seed. */
  readonly parameters: readonly ParameterValues[];
  /** What was tried, one per seed; null where nothing was searched. */
  readonly searches: readonly (DetectorSearch | null)[];
}

/** One file of a model. */
export interface ModelFile {
  readonly seed: number;
  readonly path: string;
  readonly sha256: string;
  /** Fraction of the known test images (and shifted ones, for a full spectrum) that the model calls right: what tables state. */
  readonly accuracy: number;
  /** The same of the known test images alone. */
  readonly testAccuracy: number;
  /** The same of the known validation images; null without any. */
  readonly validationAccuracy: number | null;
  /** Of the known test images alone. */
  readonly calibration: Calibration;
  readonly preprocessing: Preprocessing;
  readonly classes: number;
  /** Width of the features; null for a model that shows none. */
  readonly features: number | null;
  readonly notes: readonly string[];
}

/** A model with its seeds. */
export interface BenchmarkedModel {
  readonly name: string;
  readonly files: readonly ModelFile[];
}

/** A set as it was measured. */
export interface MeasuredSet {
  readonly name: string;
  readonly role: SetRole;
  readonly images: number;
  /** SHA-256 of the image list, or of the file where the protocol states one; null for a set without either. */
  readonly sha256: string | null;
}

/** A detector that a model could not serve. */
export interface LeftOutRow {
  readonly model: string;
  readonly seed: number;
  readonly detector: string;
  readonly reason: string;
}

/** A benchmark (`results.json`). */
export interface BenchmarkResult {
  readonly format: typeof benchmarkFormat;
  readonly version: string;
  readonly protocol: {
    readonly id: string;
    readonly title: string;
    /** What the known test images are called. */
    readonly known: string;
    readonly notes: readonly string[];
    /** What is not as the protocol says, in sentences; empty where all of it was measured. */
    readonly deviations: readonly string[];
  };
  readonly sets: readonly MeasuredSet[];
  readonly models: readonly BenchmarkedModel[];
  readonly rows: readonly BenchmarkRow[];
  readonly leftOut: readonly LeftOutRow[];
  /** Whether parameters of any row were searched on the validation sets. */
  readonly searched: boolean;
  readonly bootstrap: { readonly resamples: number; readonly seed: number };
  readonly warnings: readonly string[];
}
