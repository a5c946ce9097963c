/** Streams for fits from outputs that were stored. */
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import type { FitBatch, FitHead, FitRows, FitSet, FitSource, StreamTap } from "./fit.js";
import { hasAll } from "./inputs.js";
import { aRowSource, gatherRows, type RowSource } from "./rows.js";

/** What a model said of the labelled images of one set. */
export interface StoredOutputs {
  /** Class indices [n]. */
  readonly labels: Int32Array;
  /** float32 [n, C] */
  readonly logits: RowSource;
  /** Penultimate features, float32 [n, d] */
  readonly features: RowSource;
}

const storedOutputs = kinds.fields({
  labels: kind("an Int32Array", (value) => value instanceof Int32Array),
  logits: aRowSource,
  features: aRowSource,
});

/** Images per batch of a stream. */
const BATCH = 1024;

/**
 * Streams of stored logits and features.
 *
 * @param sets  the outputs on the ID sets there are
 * @param head  the model's last layer, where it is linear
 * @param batch  images per batch
 */
export function storedStreams(
  sets: { readonly [Name in FitSet]?: StoredOutputs | undefined },
  head?: FitHead,
  batch = BATCH,
): FitSource {
  const optional = kinds.optional(storedOutputs);
  expectArguments("storedStreams", {
    sets: [sets, kinds.fields({ train: optional, validation: optional })],
    batch: [batch, kinds.positiveCount],
  });
  return (set, taps, _measured, drawn) => {
    const all = sets[set];
    const rows = all && drawn ? drawn(all.labels) : undefined;
    const outputs = all && rows && rows.length < all.labels.length ? rowsOf(all, rows) : all;
    if (!outputs || !taps.every((name) => name === "logits" || name === "features")) return null;
    const { labels, logits } = outputs;
    return {
      set,
      count: labels.length,
      classes: logits.width,
      batches: () => batchesOf(outputs, taps, batch),
      head,
    };
  };
}

/** Some images of a set, of which no more is read at once than of the whole. */
function rowsOf({ labels, logits, features }: StoredOutputs, rows: readonly number[]): StoredOutputs {
  const part = (source: RowSource): RowSource => ({
    count: rows.length,
    width: source.width,
    read: (start, end) => gatherRows(source, rows.slice(start, end)),
  });
  return {
    labels: Int32Array.from(rows, (row) => labels[row] ?? -1),
    logits: part(logits),
    features: part(features),
  };
}

async function* batchesOf<Name extends StreamTap>(
  { labels, logits, features }: StoredOutputs,
  names: readonly Name[],
  size: number,
): AsyncGenerator<FitBatch<Name>, void, undefined> {
  for (let start = 0; start < labels.length; start += size) {
    const end = Math.min(start + size, labels.length);
    const part = (rows: RowSource): FitRows => ({
      shape: [end - start, rows.width],
      data: rows.read(start, end),
    });
    const taps: Record<string, FitRows> = {};
    for (const name of names) taps[name] = part(name === "logits" ? logits : features);
    if (!hasAll(taps, names)) throw oalError("OAL-X101", { problem: "a stream lacks a tap" });
    yield { count: end - start, labels: labels.subarray(start, end), taps };
    await Promise.resolve();
  }
}
