/** Fakes among made pictures: those that the teacher is sure to be of a class that they were made of. */
import type { SynthesisPictures } from "./synthesis.js";

/** What the teacher thinks of made pictures. */
export interface FakeFigures {
  /** Rows that are no fakes, in order. */
  readonly kept: Int32Array;
  /** Share that the teacher assigns to a class they were made of, with more than `maxConfidence`. */
  readonly fakeShare: number;
  /** Share that it assigns to such a class, however sure. */
  readonly sameClassShare: number;
  /** Share that it assigns to any class with more than 0.9. */
  readonly sureShare: number;
  /** Mean largest class probability. */
  readonly meanConfidence: number;
}

/** Probability above which the teacher counts as sure. */
const sure = 0.9;

/**
 * Looks for fakes. A picture may be made of two classes: the embedding's, and that of the picture it started from or of a second
 * embedding.
 *
 * @param logits the teacher's on the pictures, [count, classes]
 * @param maxConfidence above which a picture of such a class is a fake; 1: none is
 */
export function likelyFakes(
  logits: Float32Array,
  { count, labels, others }: Pick<SynthesisPictures, "count" | "labels" | "others">,
  maxConfidence: number,
): FakeFigures {
  const classes = logits.length / Math.max(1, count);
  const kept: number[] = [];
  let [same, certain, total] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const best = row.reduce((top, value, c) => (value > (row[top] ?? -Infinity) ? c : top), 0);
    const confidence = 1 / row.reduce((sum, value) => sum + Math.exp(value - (row[best] ?? 0)), 0);
    const isSame = best === labels[i] || best === others?.[i];
    if (!isSame || confidence <= maxConfidence) kept.push(i);
    same += isSame ? 1 : 0;
    certain += confidence > sure ? 1 : 0;
    total += confidence;
  }
  const all = Math.max(1, count);
  return {
    kept: Int32Array.from(kept),
    fakeShare: (count - kept.length) / all,
    sameClassShare: same / all,
    sureShare: certain / all,
    meanConfidence: total / all,
  };
}

/** Some rows of a set, in the order they are given. */
export function pickedPictures(set: SynthesisPictures, rows: ArrayLike<number>): SynthesisPictures {
  const all = Math.max(1, set.count);
  const [latentSize, imageSize] = [set.latents.length / all, set.images.length / all];
  const latents = new Float32Array(rows.length * latentSize);
  const images = new Uint8Array(rows.length * imageSize);
  const picked = Array.from(rows);
  picked.forEach((from, to) => {
    latents.set(set.latents.subarray(from * latentSize, (from + 1) * latentSize), to * latentSize);
    images.set(set.images.subarray(from * imageSize, (from + 1) * imageSize), to * imageSize);
  });
  const pick = (values: Int32Array): Int32Array => Int32Array.from(picked, (i) => values[i] ?? 0);
  return {
    ...set,
    count: picked.length,
    latents,
    images,
    labels: pick(set.labels),
    sources: pick(set.sources),
    positions: pick(set.positions),
    ...(set.others ? { others: pick(set.others) } : {}),
  };
}
