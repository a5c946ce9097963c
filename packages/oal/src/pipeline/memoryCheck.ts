/** The look at memory before a run: what it will need, what there is, and the refusal. */
import { oalError } from "oal-core";
import { classCounts } from "../data/problems.js";
import { trainingCount } from "../data/split.js";
import { memoryLimit, type MemoryLimit } from "../runtime/memoryLimit.js";
import { canonicalJson, sha256 } from "./canonical.js";
import type { Configuration } from "./configuration/schema.js";
import type { Aim } from "./foresight.js";
import { estimateMemory, largestInBlocks } from "./memory/estimate.js";
import { severalAtOnce, type DataSizes } from "./memory/part.js";
import type { RunModels } from "./models.js";
import type { Preflight } from "./preflight.js";
import { oalVersion } from "./versions.js";

/** Raised when memory is estimated in another way, so that what was noted before is not believed. */
const estimator = 2;

/** Share of the limit up to which nothing depends on the layout of memory, so that graphs are not built in blocks to count them. */
const roomy = 0.5;

/** What run.json keeps of it, in bytes. */
export interface MemoryNote {
  /** What the largest part of the run will need. */
  readonly estimated: number;
  /** That part. */
  readonly what: string;
  readonly limit: number;
  readonly limitedBy: MemoryLimit["source"];
  /** Hash of what the estimate follows from. */
  readonly of: string;
}

/** Numbers of images of a run, from the look ahead; the drawn sets are counted by their configuration. */
export function dataSizes(
  config: Configuration,
  { plan, sets }: Pick<Preflight, "plan" | "sets">,
): DataSizes {
  const count = ({ source, spec }: Preflight["sets"][number]): number =>
    Math.min(source.ids.length, spec.limit ?? Infinity);
  const given = sets.reduce((sum, set) => sum + count(set), 0);
  if (plan.parts === null) {
    const { train, validation, test, validationOod, ood } = config.data.embedded;
    const drawn = train + validation + test + 2 * validationOod + 6 * ood;
    return { classes: 10, train, all: given + drawn, sets: sets.length + 3 + 2 + 6 };
  }
  const whole = sets.find(({ role }) => role === "train");
  const train = Math.max(2, trainingImages(config, { plan, sets }) ?? 2);
  // at the most: validation and test images can be cut from the training images
  return {
    classes: Math.max(2, whole?.source.classNames.length ?? 2),
    train,
    all: given,
    sets: sets.length + 2,
  };
}

/**
 * How many images there are to train on if every one of them can be decoded; undefined where the training images could not be looked at.
 */
export function trainingImages(
  { data }: Configuration,
  { plan, sets }: Pick<Preflight, "plan" | "sets">,
): number | undefined {
  if (data.source === "embedded") return data.leaveOut === undefined ? data.embedded.train : undefined;
  const whole = sets.find(({ role }) => role === "train");
  if (!whole) return undefined;
  const left = whole.source.classNames.indexOf(data.leaveOut ?? "");
  const counts = classCounts(whole.source).map((count, label) => (label === left ? 0 : count));
  return trainingCount(counts, plan.shares);
}

/** How memory is looked at. */
export interface MemoryCheckOptions {
  /** Goes on where there is too little. Default false. */
  readonly force?: boolean;
  /** How many of its stages are made at the same time. Default 1. */
  readonly atOnce?: number;
  /** What there is. Default: what this process may use. */
  readonly limit?: MemoryLimit;
  /** Models of others that the run takes. Default: none. */
  readonly models?: RunModels;
  /** The block of channels in which the engine computes steps, asked for where memory may not suffice. Default: 0, in none. */
  readonly block?: () => Promise<number>;
  /** What an earlier start of the same run noted: its graphs are not built again only to be measured. */
  readonly noted?: Pick<MemoryNote, "estimated" | "what"> & { readonly of?: string | undefined };
}

/**
 * Estimates a run's memory and refuses what the limit does not hold.
 *
 * @param options  see {@link MemoryCheckOptions}
 * @returns undefined for a run without a graph
 * @throws OAL-R110 naming the largest part and what makes it smaller
 */
export async function checkMemory(
  config: Configuration,
  aim: Aim,
  sizes: DataSizes,
  { force = false, atOnce = 1, limit = memoryLimit(), noted, models = {}, block }: MemoryCheckOptions = {},
): Promise<MemoryNote | undefined> {
  const of = sha256(canonicalJson({ config, aim, sizes, atOnce, oal: oalVersion(), estimator }));
  if (noted?.of === of && noted.estimated <= limit.bytes)
    return { estimated: noted.estimated, what: noted.what, limit: limit.bytes, limitedBy: limit.source, of };
  const parts = estimateMemory(config, aim, sizes, models).map((part) => severalAtOnce(part, atOnce));
  const isRoomy = (parts[0]?.bytes ?? 0) <= roomy * limit.bytes;
  const largest = isRoomy ? parts[0] : largestInBlocks(parts, (await block?.()) ?? 0);
  if (!largest) return undefined;
  const { what, lower, bytes } = largest;
  if (bytes > limit.bytes && !force) {
    const source = limit.source === "container" ? "the container's limit" : "the machine's memory";
    throw oalError("OAL-R110", {
      needed: inWords(bytes),
      most: what,
      lower,
      limit: inWords(limit.bytes),
      source,
    });
  }
  return { estimated: Math.round(bytes), what, limit: limit.bytes, limitedBy: limit.source, of };
}

/** The sentence that is told once. */
export function memorySentence({ estimated, what, limit, limitedBy }: MemoryNote): string {
  const source = limitedBy === "container" ? "container" : "machine";
  return `needs about ${inWords(estimated)} of memory for ${what}; the ${source} has ${inWords(limit)}`;
}

function inWords(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
