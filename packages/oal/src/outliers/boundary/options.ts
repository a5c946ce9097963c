/**
 * What can be asked of boundary sampling, and what a class of a given size allows (METHOD 3.3, point iv).
 */
import { oalError } from "oal-core";
import { z } from "zod";
import { choice, flag, positive, whole } from "../../fields.js";

/** Options of boundary sampling: section `boundary` of a configuration. Defaults: METHOD 3.3 and 12, sized for two cores. */
export const boundarySchema = z.strictObject({
  outliers: z
    .string()
    .min(1)
    .optional()
    .describe(
      "file of outlier embeddings made elsewhere, .npy or .safetensors, [classes, per class, D] or [count, D]; nothing is sampled then",
    ),
  k: whole(
    300,
    1,
    100_000,
    "K of the K-th-neighbour distance; at most 0.6 of a class's bank, itself not counted",
  ),
  select: whole(
    50,
    1,
    100_000,
    "points per class with the largest distance, from which anchors are drawn; at most 0.1 of the bank",
  ),
  anchors: whole(50, 1, 100_000, "anchors per class and round, without replacement"),
  noise: whole(256, 1, 100_000, "noisy candidates per anchor and round"),
  keep: whole(2, 1, 1000, "candidates kept per anchor and round: the farthest"),
  rounds: whole(4, 1, 10_000, "rounds per class"),
  sigma: z
    .union([z.number().gt(0).max(10), z.literal("auto")])
    .default("auto")
    .describe('standard deviation of the noise on unit vectors, or "auto": eta / sqrt(dimension)'),
  eta: positive(
    0.5,
    10,
    'length of the noise relative to the anchor when sigma is "auto" (0.5 = 27 degrees)',
  ),
  noiseSharing: z
    .enum(["anchor", "round"])
    .default("anchor")
    .describe(
      "whose the noise is: each anchor's own, or one set for all anchors of a round (few directions win everywhere)",
    ),
  selection: z
    .enum(["farthest", "misread"])
    .default("farthest")
    .describe(
      "which candidates are kept: the farthest of each anchor, or those that the published code takes for them (needs noiseSharing: round)",
    ),
  countSelf: flag(
    false,
    "count an embedding as its own first neighbour when anchors are sought, as published",
  ),
  // a candidate is dropped whose nearest embedding over all classes is closer than the median K-th distance of that class
  globalReject: flag(false, "drop candidates that lie inside another class"),
  scale: positive(
    1,
    1000,
    "length of the outlier embeddings; only their direction conditions a diffusion model of ours",
  ),
  standIn: choice(
    ["none", "gaussian", "inliers"],
    "none",
    "what stands in for the outliers, to find out what they are worth: Gaussian directions, or embeddings of known images",
  ),
});

/** Every option. */
export type BoundaryOptions = z.output<typeof boundarySchema>;

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
 * Checks options against each other and their ranges.
 *
 * @throws OAL-C202 for a value out of range
 */
export function checkBoundaryOptions(options: BoundaryOptions): void {
  const [issue] = boundarySchema.strip().safeParse(options).error?.issues ?? [];
  if (issue) refuse(issue.path.map(String).join("."), issue.message);
  const { keep, noise, selection, noiseSharing, globalReject } = options;
  if (keep > noise) refuse("keep", `${keep} exceeds the ${noise} candidates per anchor`);
  if (selection === "farthest") return;
  if (noiseSharing !== "round")
    refuse("selection", '"misread" looks at all anchors of a round at once and needs noiseSharing: round');
  if (globalReject) refuse("globalReject", 'candidates are not ordered by selection: "misread"');
}

/** The error of a refused boundary option. */
export function refuse(option: string, problem: string): never {
  throw oalError("OAL-C202", { where: "boundary sampling", at: `boundary.${option}`, problem });
}

/** Standard deviation of the noise in `dimension` dimensions. */
export function noiseScale(options: BoundaryOptions, dimension: number): number {
  return options.sigma === "auto" ? options.eta / Math.sqrt(dimension) : options.sigma;
}

/**
 * Counts for a class of `size` embeddings: K' = min(K, floor(0.6 size)), select' = min(select, max(1, floor(0.1 size))),
 * anchors' = min(anchors, select').
 *
 * @throws OAL-D151 when the class has fewer than two embeddings
 */
export function limitsOf(
  options: BoundaryOptions,
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
