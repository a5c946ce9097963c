/**
 * What a side data source is: where the side data that training methods ask for by name come from. It says which stages it
 * reads, so that a recipe's inputs follow from what its methods need. One source is one file and one line in index.ts.
 */
import type { Normalisation } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import type { AugmentSpec } from "../../data/batches.js";
import type { MethodSettings } from "../../training/methods/method.js";
import type { SideData } from "../../training/side/sideData.js";
import type { Teacher } from "../../training/side/teacher.js";

/** The facts of a training that side data depend on. */
export interface StepFacts {
  readonly seed: number;
  readonly steps: number;
  readonly batchSize: number;
  /** Images of a whole batch, where `batchSize` is that of the smaller step that ends an epoch. Default: `batchSize`. */
  readonly wholeBatch?: number;
  readonly classes: number;
  readonly augmentation: AugmentSpec;
  /** How the trained network sees pictures. */
  readonly normalisation: Normalisation;
  /** The training images. */
  readonly images: Pick<ImageSet, "labels" | "count" | "height">;
  /** Sections of the configuration that methods and sources read. */
  readonly settings: MethodSettings;
  /** What the methods need of this source. */
  readonly names: readonly string[];
}

/** What a source is opened with, in the thread that trains. */
export interface SideRequest extends StepFacts {
  readonly images: StepFacts["images"] & Pick<ImageSet, "read">;
  /** Artifact folders of its stages, by the stages' names. */
  readonly folders: Readonly<Record<string, string>>;
}

/** Sizes for an outline: what is not known before the stages have run. */
export interface OutlineSizes {
  /** Width of the teacher's features. */
  readonly featureWidth: number;
  /** Length of an outlier embedding. */
  readonly outlierWidth: number;
  /** [channels, height, width] of a latent. */
  readonly latentShape: readonly [number, number, number];
  /** A teacher of the right shapes, its numbers of no meaning. */
  readonly teacher: Teacher;
}

/** A source of side data. */
export interface SideSource {
  readonly id: string;
  readonly title: string;
  /** Every name it can give. */
  readonly provides: readonly string[];
  /**
   * Names of the stages whose artifacts it reads to give some of them.
   *
   * @param settings every section of the configuration
   */
  stages(settings: MethodSettings, names: readonly string[]): readonly string[];
  /**
   * Sections of the configuration that it reads beside those of the methods; it is opened with these alone.
   *
   * @param settings every section of the configuration
   */
  sections?(settings: MethodSettings): readonly string[];
  /** Opens them. @throws OAL-I111 for a tensor that an artifact lacks */
  open(request: SideRequest): Promise<readonly SideData[]>;
  /** The same without data, for estimates of memory; absent: it counts for nothing there. */
  outline?(facts: StepFacts, sizes: OutlineSizes): readonly SideData[];
}
