/** What an evaluation starts from: a model's outputs per set, in memory or in files, and the images behind them. */
import { accuracy, float32Data, memoryRows, oalError, type RowSource, type Tensor } from "oal-core";
import type { KnownAccuracies, SetGroup } from "./result.js";

/** Images of one set, read by range. */
export interface PixelSource {
  /** uint8 [end - start, 3, S, S], flat. */
  read(start: number, end: number): Uint8Array;
}

/** A model's outputs on one set, in list order. */
export interface OutputSet {
  readonly name: string;
  readonly group: SetGroup;
  /** Class indices [n]; whatever an OOD set's labels say, they count as -1. */
  readonly labels: Int32Array;
  /** Image ids [n]. */
  readonly ids: readonly string[];
  /** float32 [n, classes] */
  readonly logits: RowSource;
  /** Penultimate features, float32 [n, featureSize] */
  readonly features: RowSource;
  /** The images, for detectors that run inside the model; absent where only outputs were stored. */
  readonly images?: PixelSource | undefined;
}

/** Sizes that all sets of a model share. */
export interface OutputSizes {
  readonly classes: number;
  readonly featureSize: number;
}

/**
 * Numbers of classes and features.
 *
 * @throws OAL-E104 when a set's rows are not as many as its labels, or of another width than the others', OAL-E207 when two
 *   sets have one name
 */
export function outputSizes(sets: readonly OutputSet[]): OutputSizes {
  const first = sets.find((set) => set.labels.length > 0);
  const classes = first?.logits.width ?? 1;
  const featureSize = first?.features.width ?? 1;
  const names = new Set<string>();
  for (const { name, labels, ids, logits, features } of sets) {
    if (names.has(name)) throw oalError("OAL-E207", { name });
    names.add(name);
    const n = labels.length;
    if (n === 0 && ids.length === 0) continue;
    const expected = `${n} ids, ${n} x ${classes} logits, ${n} x ${featureSize} feature values`;
    const found = `${ids.length} ids, ${logits.count} x ${logits.width} logits, ${features.count} x ${features.width} feature values`;
    if (expected !== found) throw oalError("OAL-E104", { what: `set ${name}`, expected, found });
  }
  return { classes, featureSize };
}

/** Rows read at once where a whole set is gone through. */
const BLOCK = 4096;

/** Arg-max class of each row, first maximum. @param logits  [n, classes] */
export function predictions(logits: RowSource): Int32Array {
  const { count, width } = logits;
  const result = new Int32Array(count);
  for (let start = 0; start < count; start += BLOCK) {
    const end = Math.min(count, start + BLOCK);
    const rows = logits.read(start, end);
    for (let i = start; i < end; i++) {
      const at = (i - start) * width;
      let best = 0;
      for (let j = 1; j < width; j++) if ((rows[at + j] ?? 0) > (rows[at + best] ?? 0)) best = j;
      result[i] = best;
    }
  }
  return result;
}

/** Accuracy on the known sets whose images have classes. The outputs are there already: no image is looked at for it. */
export function knownAccuracies(sets: readonly OutputSet[]): KnownAccuracies {
  const known = (["train", "validation", "test"] as const).flatMap((group) => {
    const set = sets.find((each) => each.group === group);
    return set?.labels.some((label) => label !== -1)
      ? [[group, accuracy(predictions(set.logits), set.labels)] as const]
      : [];
  });
  return Object.fromEntries(known);
}

/** Rows per run of a score session. */
export const scoreRows = 256;

/** Rows of a source as a batch of fixed size; the last batch is filled up with zeros. */
export function paddedRows(rows: RowSource, start: number, end: number): Tensor {
  const data = new Float32Array(scoreRows * rows.width);
  data.set(rows.read(start, end));
  return { dtype: "float32", shape: [scoreRows, rows.width], data };
}

/** The data of a graph's confidences. */
export function confidencesOf(confidence: Tensor | undefined): Float32Array {
  if (confidence === undefined) throw oalError("OAL-X101", { problem: "a score graph without confidence" });
  return float32Data(confidence, "confidence");
}

/** Outputs in memory as an output set: flat logits [n, classes] and features [n, featureSize]. */
export function outputsInMemory(
  set: Omit<OutputSet, "logits" | "features"> & {
    readonly logits: Float32Array;
    readonly features: Float32Array;
  },
  { classes, featureSize }: OutputSizes,
): OutputSet {
  return {
    ...set,
    logits: memoryRows(set.logits, classes),
    features: memoryRows(set.features, featureSize),
  };
}
