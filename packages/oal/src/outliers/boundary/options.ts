/**
 * What can be asked of boundary sampling, and what a class of a given size allows (METHOD 3.3, point iv).
 */
import { oalError } from "oal-core";

/** Options of `sampleBoundary`. */
export interface BoundaryOptions {
  /** K: which neighbour's squared distance measures "far". Default 300, at most floor(0.6 * class size). */
  readonly k?: number;
  /** How many of a class's farthest embeddings may serve as anchors. Default 50, at most floor(0.1 * class size). */
  readonly select?: number;
  /** Anchors used per round, drawn without replacement from the selected. Default 50. */
  readonly anchors?: number;
  /** Candidates per anchor and round, each with noise of its own. Default 1500. */
  readonly noise?: number;
  /** Candidates kept per anchor and round. Default 2. */
  readonly keep?: number;
  /** Rounds per class. Default 10. */
  readonly rounds?: number;
  /** Standard deviation of the noise, or "auto" = eta / sqrt(dimension). Default 0.07. */
  readonly sigma?: number | "auto";
  /** Noise norm relative to the unit anchor for sigma "auto"; the cosine to the anchor is 1/sqrt(1 + eta²). Default 0.5. */
  readonly eta?: number;
  /**
   * Drops a candidate whose nearest embedding over all classes is closer than the median K-th distance of that
   * embedding's class, and takes the next one. Default false.
   */
  readonly globalReject?: boolean;
  /** Default 0. */
  readonly seed?: number;
}

/** Options with every default filled in. */
export type ResolvedBoundaryOptions = Required<BoundaryOptions>;

/** Counts as used for one class. */
export interface ClassLimits {
  readonly size: number;
  readonly k: number;
  readonly select: number;
  readonly anchors: number;
}

/** A number that was reduced because the class is small; a value to show, not an error. */
export interface BoundaryWarning {
  readonly option: "k" | "select" | "anchors" | "keep";
  readonly class: number;
  readonly asked: number;
  readonly used: number;
  readonly text: string;
}

/**
 * Fills in defaults and checks ranges.
 *
 * @throws OAL-C202 for a value out of range
 */
export function resolveBoundaryOptions(options: BoundaryOptions = {}): ResolvedBoundaryOptions {
  const resolved: ResolvedBoundaryOptions = {
    k: 300,
    select: 50,
    anchors: 50,
    noise: 1500,
    keep: 2,
    rounds: 10,
    sigma: 0.07,
    eta: 0.5,
    globalReject: false,
    seed: 0,
    ...options,
  };
  for (const name of ["k", "select", "anchors", "noise", "keep", "rounds"] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] < 1)
      refuse(name, `${resolved[name]} is not a whole number >= 1`);
  }
  if (resolved.keep > resolved.noise)
    refuse("keep", `${resolved.keep} exceeds the ${resolved.noise} candidates per anchor`);
  if (resolved.sigma !== "auto" && !(resolved.sigma > 0))
    refuse("sigma", `${resolved.sigma} is not "auto" or a number > 0`);
  if (!(resolved.eta > 0)) refuse("eta", `${resolved.eta} is not > 0`);
  return resolved;
}

/** The error of a refused boundary option. */
export function refuse(option: string, problem: string): never {
  throw oalError("OAL-C202", { where: "boundary sampling", at: `boundary.${option}`, problem });
}

/** Standard deviation of the noise in `dimension` dimensions. */
export function noiseScale(options: ResolvedBoundaryOptions, dimension: number): number {
  return options.sigma === "auto" ? options.eta / Math.sqrt(dimension) : options.sigma;
}

/**
 * Counts for a class of `size` embeddings: K' = min(K, floor(0.6 size)), select' = min(select, max(1, floor(0.1 size))),
 * anchors' = min(anchors, select').
 *
 * @throws OAL-D151 when the class has fewer than two embeddings
 */
export function limitsOf(
  options: ResolvedBoundaryOptions,
  label: number,
  size: number,
): { limits: ClassLimits; warnings: BoundaryWarning[] } {
  if (size < 2) throw oalError("OAL-D151", { label, count: size });
  const k = Math.min(options.k, Math.floor(0.6 * size));
  const select = Math.min(options.select, Math.max(1, Math.floor(0.1 * size)));
  const anchors = Math.min(options.anchors, select);
  const warnings: BoundaryWarning[] = [];
  const note = (option: BoundaryWarning["option"], asked: number, used: number): void => {
    if (used >= asked) return;
    const text = `boundary.${option}: class ${label} has ${size} embeddings, ${asked} reduced to ${used}`;
    warnings.push({ option, class: label, asked, used, text });
  };
  note("k", options.k, k);
  note("select", options.select, select);
  if (options.anchors > options.select) note("anchors", options.anchors, anchors);
  return { limits: { size, k, select, anchors }, warnings };
}
