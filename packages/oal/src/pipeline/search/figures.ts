/** What candidates reached on validation images: means over seeds with standard errors, and paired differences. */
import { oalError } from "oal-core";
import type { EvaluationResult } from "../../evaluation/result.js";
import type { Candidate } from "./candidates.js";

/** What is compared: the accuracy on known validation images, AUROC against near and far unknown ones, and the mean of these two. */
export const comparedFigures = ["accuracy", "near", "far", "mean"] as const;

/** One of them. */
export type Figure = (typeof comparedFigures)[number];

/** A mean over seeds. Fractions. */
export interface OverSeeds {
  readonly mean: number;
  /** Standard error: deviation (n - 1) over the root of the number of seeds; null for one seed. */
  readonly error: number | null;
}

/** What a candidate reached. */
export interface CandidateFigures {
  readonly number: number;
  readonly name?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly method: string;
  readonly seeds: readonly number[];
  readonly figures: Readonly<Record<Figure, OverSeeds>>;
  /** Minus those of the first candidate with the same seeds; its own are 0. */
  readonly minusFirst: Readonly<Record<Figure, OverSeeds>>;
  /** Every seed's results, detector by detector. */
  readonly results: readonly EvaluationResult[];
}

/** A trained candidate. */
export interface TrainedCandidate {
  readonly candidate: Candidate;
  /** One per seed, in the order of the seeds. */
  readonly results: readonly EvaluationResult[];
}

/** Mean and standard error of values, one per seed. */
export function overSeeds(values: readonly number[]): OverSeeds {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  if (length < 2) return { mean, error: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (length - 1);
  return { mean, error: Math.sqrt(variance / length) };
}

/**
 * The figures of every candidate.
 *
 * @param trained the first is what the others are compared with; all have the same seeds
 * @param detectors by which known and unknown images are told apart: AUROC is the mean over them
 */
export function figuresOfCandidates(
  trained: readonly TrainedCandidate[],
  detectors: readonly string[],
): readonly CandidateFigures[] {
  const [first] = trained;
  return trained.map(({ candidate, results }): CandidateFigures => {
    const { number, name, values, config } = candidate;
    const bySeed = (figure: Figure) => results.map((result) => figureOf(result, figure, detectors));
    const difference = (figure: Figure): number[] =>
      bySeed(figure).map((value, i) => {
        const other = first?.results[i];
        return other ? value - figureOf(other, figure, detectors) : Number.NaN;
      });
    const all = (of: (figure: Figure) => readonly number[]): Record<Figure, OverSeeds> => ({
      accuracy: overSeeds(of("accuracy")),
      near: overSeeds(of("near")),
      far: overSeeds(of("far")),
      mean: overSeeds(of("mean")),
    });
    return {
      number,
      ...(name === undefined ? {} : { name }),
      values,
      method: config.methods[0] ?? "",
      seeds: results.map(({ seed }) => seed),
      figures: all(bySeed),
      minusFirst: all(difference),
      results,
    };
  });
}

/**
 * Every result has what it is compared by.
 *
 * @throws OAL-E277 naming the first detector that one lacks
 */
export function assertMeasured(results: readonly EvaluationResult[], detectors: readonly string[]): void {
  for (const result of results) figureOf(result, "mean", detectors);
}

function figureOf(result: EvaluationResult, figure: Figure, detectors: readonly string[]): number {
  if (figure === "accuracy") return result.idAccuracy;
  if (figure === "mean")
    return (figureOf(result, "near", detectors) + figureOf(result, "far", detectors)) / 2;
  const aurocs = detectors.map((id) => {
    const auroc = result.detectors.find((each) => each.id === id)?.[figure]?.metrics.auroc;
    if (auroc !== undefined) return auroc;
    const why = result.warnings.find((text) => text.includes(id)) ?? "it was not measured";
    throw oalError("OAL-E277", { detector: id, model: result.model, problem: why });
  });
  return aurocs.reduce((sum, auroc) => sum + auroc, 0) / aurocs.length;
}
