/** What a benchmark will need, before it begins: images still to go through models, disk, memory. */
import { statfs } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { AskedDetector } from "../evaluation/asked.js";
import { rowsInMemory } from "../evaluation/rowFiles.js";
import type { OutputWidths } from "./outputs.js";

/** The needs of one model file. */
export interface ModelNeeds {
  readonly name: string;
  readonly seed: number;
  readonly path: string;
  /** Images of all sets, and those of them that were computed before. */
  readonly images: number;
  readonly known: number;
  /** Bytes of the rows that are still to be kept. */
  readonly rowBytes: number;
  /** Bytes of files that the largest bank of training rows goes to while its detector is at work. */
  readonly bankBytes: number;
}

/** The needs of a benchmark. */
export interface BenchmarkNeeds {
  readonly models: readonly ModelNeeds[];
  /** Bytes of decoded pictures, for the detectors that look at them again and again. */
  readonly pictureBytes: number;
  /** Those detectors. */
  readonly inside: readonly string[];
  /** Bytes of memory beside the engine's and the model's. */
  readonly memory: number;
  /** Bytes that the disk of the cache has left; null where the system does not say. */
  readonly free: number | null;
  /** Folder of the cache. */
  readonly cache: string;
}

/** What is summed up. */
export interface NeedsInput {
  readonly models: readonly ModelNeeds[];
  readonly inside: readonly string[];
  readonly pictureBytes: number;
  readonly scoredImages: number;
  /** Seeds of the model that has most. */
  readonly seeds: number;
  readonly detectors: number;
  /** Numbers in a row of class scores, of the model that has most, and the known test images. */
  readonly classes: number;
  readonly testImages: number;
  readonly cache: string;
}

/** Bytes that the calibration of probabilities takes for one class score: the score, and its probability twice in double precision. */
const calibrationBytes = 4 + 2 * 8;

/** Numbers of a bank's row beside the taps that it is made of. */
const besideTaps = 1;

/**
 * Bytes of files that the bank of a detector goes to, one float for every number of the taps that its rows are made of; 0 for one that
 * stays in memory, and for a detector without one.
 *
 * @param images  of the set that it is fitted on
 * @param widths  of the rows of taps
 */
export function bankFileBytes(
  { detector, parameters }: AskedDetector,
  images: (group: "train" | "validation") => number,
  widths: OutputWidths,
): number {
  const { bank } = detector;
  const on = detector.fitOn(parameters);
  if (!bank || on === null) return 0;
  const width = bank.needs.reduce(
    (sum, tap) => sum + (tap === "logits" || tap === "features" ? widths[tap] : 0),
    besideTaps,
  );
  const bytes = 4 * bank.held(images(on), parameters).length * width;
  return bytes > rowsInMemory ? bytes : 0;
}

/** Sums up. */
export async function needsOf(input: NeedsInput): Promise<BenchmarkNeeds> {
  const { models, inside, pictureBytes, scoredImages, seeds, detectors, classes, testImages, cache } = input;
  const scores = 4 * scoredImages * detectors * seeds;
  return {
    models,
    inside,
    pictureBytes,
    // the calibration of probabilities looks at all class scores of the test at once
    memory: scores + 2 * rowsInMemory + calibrationBytes * classes * testImages,
    free: await freeBytes(cache),
    cache,
  };
}

async function freeBytes(folder: string): Promise<number | null> {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    const { bavail, bsize } = await statfs(there);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Bytes for people. */
export function bytesText(bytes: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** The needs in sentences. */
export function needsSentences({
  models,
  pictureBytes,
  inside,
  memory,
  free,
  cache,
}: BenchmarkNeeds): string[] {
  const count = (value: number): string => value.toLocaleString("en-US");
  const toCompute = models.reduce((sum, { images, known }) => sum + images - known, 0);
  const known = models.reduce((sum, each) => sum + each.known, 0);
  const rows = models.reduce((sum, { rowBytes }) => sum + rowBytes, 0);
  const bank = Math.max(0, ...models.map(({ bankBytes }) => bankBytes));
  const disk = rows + pictureBytes + bank;
  return [
    `${count(toCompute)} images are to go through ${models.length === 1 ? "the model" : `${models.length} model files`}` +
      (known > 0 ? `, ${count(known)} are known from before` : ""),
    `disk: ${bytesText(rows)} for class scores and features` +
      (inside.length > 0
        ? `, ${bytesText(pictureBytes)} for pictures of the model's size, which ${inside.join(", ")} look${inside.length === 1 ? "s" : ""} at again`
        : "") +
      (bank > 0
        ? `, and while detectors are fitted up to ${bytesText(bank)} for a bank of training rows`
        : "") +
      `, in ${cache}` +
      (free === null ? "" : ` (${bytesText(free)} free)`),
    `memory: about ${bytesText(memory)} beside the model and the engine`,
    ...(free !== null && disk > free ? [`that is more than the disk has left`] : []),
  ];
}
