/**
 * Audit of a synthetic set (METHOD 4.4): what the teacher sees in the decoded outliers, how far they lie from the classes,
 * and whether the embedding matters to the pictures at all.
 */
import type { Engine } from "oal-core";
import { normaliseRows } from "./boundary/distances.js";
import { innerProducts } from "./boundary/products.js";
import type { EmbeddingBank } from "./boundary/sample.js";
import { kthLargest } from "./boundary/selection.js";
import { DistanceGatherer, type DistanceSummary } from "./boundary/summary.js";
import type { LatentDiffusion } from "./diffusion/model.js";
import { pickedPictures } from "./fakes.js";
import {
  decodePictures,
  synthesize,
  type ConditionSet,
  type SynthesisPictures,
  type SynthesisWork,
} from "./synthesis.js";
import type { SynthesisOptions } from "./synthesisOptions.js";

/** The teacher on uint8 pictures [count, 3, H, W]: logits [count, classes] and penultimate features [count, D]. */
export type Teacher = (
  pixels: Uint8Array,
  count: number,
) => Promise<{ logits: Float32Array; features: Float32Array }>;

/** The teacher's opinion of a synthetic set. */
export interface PosteriorAudit {
  readonly count: number;
  /** Largest class probability of each picture, and its class. */
  readonly confidence: Float32Array;
  readonly prediction: Int32Array;
  readonly meanConfidence: number;
  /** Share predicted as the class of the embedding behind the picture. */
  readonly sameClassShare: number;
  /** Share predicted as that class with a confidence above `threshold`: for outliers, "fakes" that look in-distribution. */
  readonly fakeShare: number;
  /** The same per class. */
  readonly fakeShareByClass: readonly number[];
  readonly threshold: number;
  /** Counts of the confidence over ten equal bins. */
  readonly histogram: readonly number[];
  /** Mean cosine between the teacher's feature of a picture and the embedding it was made from. */
  readonly meanCosine: number;
  /** Squared K-th neighbour distance of each picture's feature to the class of its embedding. */
  readonly distances: DistanceSummary;
}

/** Whether pictures depend on their embedding. Differences are mean absolute pixel differences, 0..1. */
export interface EmbeddingEffect {
  /** Same start noise, embeddings of other classes. */
  readonly byEmbedding: number;
  /** Same embedding, other start noise. */
  readonly byNoise: number;
  /** byEmbedding is visible (above 1/255) and not negligible (above a twentieth of byNoise). */
  readonly differs: boolean;
}

/**
 * Audits a set against the teacher.
 *
 * @param set  synthesised pictures
 * @param conditions  the embeddings they were made from
 * @param bank  in-distribution embeddings
 * @param k  neighbour for the distances; reduced to the size of a small class
 * @param threshold  confidence above which a picture counts as fake. Default 0.9
 */
export async function auditPosterior(
  engine: Engine,
  set: SynthesisPictures,
  conditions: ConditionSet,
  teacher: Teacher,
  bank: EmbeddingBank,
  k: number,
  threshold = 0.9,
): Promise<PosteriorAudit> {
  const { logits, features } = await teacher(set.images, set.count);
  const classes = logits.length / Math.max(1, set.count);
  const confidence = new Float32Array(set.count);
  const prediction = new Int32Array(set.count);
  for (let i = 0; i < set.count; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const best = row.reduce((top, value, c) => (value > (row[top] ?? -Infinity) ? c : top), 0);
    prediction[i] = best;
    confidence[i] = 1 / row.reduce((sum, value) => sum + Math.exp(value - (row[best] ?? 0)), 0);
  }
  const same = Array.from(prediction, (label, i) => label === set.labels[i]);
  const fake = same.map((matches, i) => matches && (confidence[i] ?? 0) > threshold);
  const share = (flags: readonly boolean[]): number =>
    flags.filter(Boolean).length / Math.max(1, flags.length);
  const histogram = Array.from({ length: 10 }, () => 0);
  for (const value of confidence) {
    const bin = Math.min(9, Math.floor(value * 10));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return {
    count: set.count,
    confidence,
    prediction,
    meanConfidence: confidence.reduce((sum, value) => sum + value, 0) / Math.max(1, set.count),
    sameClassShare: share(same),
    fakeShare: share(fake),
    fakeShareByClass: Array.from({ length: bank.classes }, (_, label) =>
      share(fake.filter((_, i) => set.labels[i] === label)),
    ),
    threshold,
    histogram,
    meanCosine: meanCosine(features, set, conditions),
    distances: await classDistances(engine, features, set.labels, bank, k),
  };
}

/**
 * Whether the pictures show the class of their embedding more often than a guess would: share > p + 3 √(p(1-p)/n),
 * p = 1/classes. Asked of pictures made from ID embeddings, it tells whether the model obeys its condition.
 */
export function beatsChance({ sameClassShare, count }: PosteriorAudit, classes: number): boolean {
  const chance = 1 / classes;
  return sameClassShare > chance + 3 * Math.sqrt((chance * (1 - chance)) / Math.max(1, count));
}

function meanCosine(features: Float32Array, set: SynthesisPictures, conditions: ConditionSet): number {
  const { dimension } = conditions;
  const found = normaliseRows(features, dimension).unit;
  const wanted = normaliseRows(conditions.embeddings, dimension).unit;
  let sum = 0;
  set.sources.forEach((source, i) => {
    for (let d = 0; d < dimension; d++)
      sum += (found[i * dimension + d] ?? 0) * (wanted[source * dimension + d] ?? 0);
  });
  return sum / Math.max(1, set.count);
}

async function classDistances(
  engine: Engine,
  features: Float32Array,
  labels: Int32Array,
  bank: EmbeddingBank,
  k: number,
): Promise<DistanceSummary> {
  const gatherer = new DistanceGatherer();
  const { dimension } = bank;
  const unit = normaliseRows(features, dimension).unit;
  const members = Array.from({ length: bank.classes }, (): number[] => []);
  for (let row = 0; row < bank.labels.length; row++) members[bank.labels[row] ?? -1]?.push(row);
  const chunk = Math.min(256, Math.max(1, labels.length));
  const products = await innerProducts(engine, chunk, bank.labels.length, dimension);
  const all = normaliseRows(bank.embeddings, dimension).unit;
  for (let begin = 0; begin < labels.length; begin += chunk) {
    const rows = Math.min(chunk, labels.length - begin);
    const values = await products.compute(unit.subarray(begin * dimension, (begin + rows) * dimension), all);
    for (let i = 0; i < rows; i++) {
      const own = members[labels[begin + i] ?? -1] ?? [];
      if (own.length === 0) continue;
      const similarities = Float32Array.from(own, (row) => values[i * products.columns + row] ?? 0);
      gatherer.add([Math.max(0, 2 - 2 * kthLargest(similarities, own.length, Math.min(k, own.length)))]);
    }
  }
  await products.release();
  return gatherer.summary();
}

/**
 * Measures what a change of embedding does to the pictures, with the start noise held.
 *
 * @param work pairs: pictures compared, default 16; onStep: what it throws stops the work
 */
export async function embeddingEffect(
  engine: Engine,
  model: LatentDiffusion,
  conditions: ConditionSet,
  options: SynthesisOptions,
  { pairs = 16, onStep }: { readonly pairs?: number } & Pick<SynthesisWork, "onStep"> = {},
): Promise<EmbeddingEffect> {
  const { seed } = options;
  const labels = Array.from(conditions.labels);
  const first = Int32Array.from({ length: pairs }, (_, i) => Math.floor((i * labels.length) / pairs));
  const second = first.map((row) => {
    const half = (row + (labels.length >> 1)) % labels.length;
    const other = labels.findIndex((_, i) => labels[(half + i) % labels.length] !== labels[row]);
    return other < 0 ? half : (half + other) % labels.length;
  });
  const make = async (chosen: Int32Array, from: number): Promise<SynthesisPictures> => {
    const work = { chosen, ...(onStep ? { onStep } : {}) };
    return decodePictures(
      model,
      await synthesize(engine, model, conditions, { ...options, seed: from }, work),
    );
  };
  const base = await make(first, seed);
  const byEmbedding = meanDifference(base.images, (await make(second, seed)).images);
  const byNoise = meanDifference(base.images, (await make(first, seed + 1)).images);
  return { byEmbedding, byNoise, differs: byEmbedding > 1 / 255 && byEmbedding > 0.05 * byNoise };
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / Math.max(1, a.length) / 255;
}

/**
 * The set without pictures the teacher assigns to the embedding's class with more than `maxConfidence`
 * (`synthesis.maxTeacherConfidence`; 1 keeps everything).
 */
export function withoutFakes(
  set: SynthesisPictures,
  audit: PosteriorAudit,
  maxConfidence: number,
): SynthesisPictures {
  const kept: number[] = [];
  for (let i = 0; i < set.count; i++) {
    if (audit.prediction[i] !== set.labels[i] || (audit.confidence[i] ?? 0) <= maxConfidence) kept.push(i);
  }
  return pickedPictures(set, kept);
}
