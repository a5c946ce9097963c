/** What a fit came to, as data: `fit.json`, and what the report is made of. */
import type { MetricVector, ParameterValues, PerMetric } from "oal-core";
import type { Preprocessing } from "../bundle/facts.js";
import type { Skipped } from "../data/badImages.js";
import type { CombinationChoice } from "../evaluation/result.js";
import type { DetectorCandidate, StrengthChoice } from "./choose.js";
import type { CalibrationPromise } from "./calibrate.js";
import type { MeasuredShare } from "./measure.js";
import type { Copies } from "./pictures.js";
import type { HeadKind } from "./subject.js";

/** Format of `fit.json`; another number is another form. */
export const fitFormat = 1;

/** Lower and upper end of a 95 % interval. */
export type Ends = readonly [number, number];

/** A class and its pictures. */
export interface FitClass {
  readonly name: string;
  readonly train: number;
  readonly calibration: number;
  readonly test: number;
}

/** A detector against a set of unknown pictures. */
export interface FitSetResult {
  readonly name: string;
  /** Pictures of the user, or drawn ones. */
  readonly kind: "given" | "drawn";
  readonly count: number;
  /** Fractions. */
  readonly metrics: MetricVector;
  readonly interval: PerMetric<Ends>;
  /** Share of them that the decision calls known. */
  readonly accepted: number;
}

/** A detector on classes that were left out in turn. */
export interface FitLeaveOut {
  /** Mean AUROC over the classes, a fraction. */
  readonly mean: number;
  readonly interval: Ends;
  /** By class, in the order of `FitResult.leaveClassOut.classes`. */
  readonly classes: readonly { readonly auroc: number; readonly interval: Ends }[];
}

/** One detector. */
export interface FitDetectorResult {
  readonly id: string;
  readonly title: string;
  readonly parameters: ParameterValues;
  readonly sets: readonly FitSetResult[];
  /** Null where no class could be left out. */
  readonly leaveClassOut: FitLeaveOut | null;
  /** Score from which a picture is known, of all classes together. */
  readonly cut: number;
  /** Share of the known test pictures that the decision keeps; null without test pictures. */
  readonly kept: MeasuredShare | null;
  /** Share of the known test pictures that pass without being asked about; null without a second cut. */
  readonly sure: number | null;
}

/** The leave-class-out test as a whole. */
export type FitLeaveOutPlan =
  | {
      readonly classes: readonly {
        readonly name: string;
        readonly known: number;
        readonly unknown: number;
      }[];
      /** How it was made, in a sentence. */
      readonly sentence: string;
    }
  /** Why there is none. */
  | { readonly absent: string };

/** A cut per predicted class. */
export interface FitClassCut {
  readonly name: string;
  /** Calibration pictures that the model takes for the class. */
  readonly count: number;
  /** Whether it has a cut of its own. */
  readonly own: boolean;
  readonly cut: number;
}

/** One picture at the edge. */
export interface FitEdgePicture {
  readonly id: string;
  /** Name of its class; null for an unknown one. */
  readonly label: string | null;
  /** Name of the class that the model takes it for. */
  readonly predicted: string;
  readonly score: number;
  readonly pValue: number;
  readonly known: boolean;
}

/** What a fit came to. */
export interface FitResult {
  readonly format: typeof fitFormat;
  /** Version of the oal that made it. */
  readonly version: string;
  readonly name: string;
  readonly model: {
    readonly path: string;
    readonly kind: "foreign" | "bundle" | "run";
    /** SHA-256 of the model's files. */
    readonly hash: string;
    readonly producer: string;
    readonly parameters: number;
    /** Numbers of the features; null where the model shows none. */
    readonly features: number | null;
    readonly preprocessing: Preprocessing;
    readonly normalisation: {
      readonly name: string;
      readonly source: string;
      readonly evidence: readonly string[];
    };
  };
  readonly known: {
    readonly path: string;
    /** "folder": the folder's classes; "model": all of the model's. */
    readonly from: "folder" | "model";
    readonly classNames: readonly string[];
    readonly head: HeadKind;
    /** Which last layer is used and why. */
    readonly sentence: string;
    /** Null where no head was fitted. */
    readonly strength: StrengthChoice | null;
  };
  readonly parts: {
    readonly seed: number;
    /** Whether the folder itself is divided, or the fit divided it. */
    readonly given: boolean;
    readonly train: number;
    readonly calibration: number;
    readonly test: number;
    readonly classes: readonly FitClass[];
  };
  /** Null without a folder of unknown pictures. */
  readonly unknown: {
    readonly path: string;
    readonly pictures: number;
    /** Pictures that took part in choosing the detector. */
    readonly choosing: number;
    /** Pictures that measure. */
    readonly measuring: number;
    readonly sentence: string;
  } | null;
  /** The detector that decides. */
  readonly decides: string;
  readonly choice: { readonly sentence: string; readonly candidates: readonly DetectorCandidate[] };
  /** Of the known test pictures; null where none of them has a class of the model. */
  readonly accuracy: MeasuredShare | null;
  /** How the detector "combination" was chosen; absent where there is none. */
  readonly combination?: CombinationChoice;
  readonly detectors: readonly FitDetectorResult[];
  readonly leaveClassOut: FitLeaveOutPlan;
  readonly calibration: CalibrationPromise & {
    readonly ask: number | null;
    /** Null where one cut is everyone's. */
    readonly perClass: readonly FitClassCut[] | null;
  };
  /** Known test pictures with the smallest p values, unknown ones with the largest. */
  readonly edges: { readonly known: readonly FitEdgePicture[]; readonly unknown: readonly FitEdgePicture[] };
  readonly leftOut: {
    readonly unreadable: readonly Skipped[];
    /** Pictures that are there more than once: each counts once. */
    readonly copies: readonly Copies[];
    /** Pictures under several classes: none of them counts. */
    readonly contradictions: readonly Copies[];
    /** Unknown pictures that are known ones: they count as known. */
    readonly overlaps: readonly { readonly unknown: string; readonly known: string }[];
  };
  readonly warnings: readonly string[];
  readonly files: { readonly model: string; readonly report: string };
}
