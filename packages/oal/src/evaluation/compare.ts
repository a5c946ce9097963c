/** Paired differences between models on the same images: bootstrap intervals and p values, Holm-adjusted, and DeLong's test. */
import {
  delongTest,
  detectionMetrics,
  expectArguments,
  holm,
  type MetricName,
  headlineMetrics,
  metrics as allMetrics,
  kinds,
  oalError,
  type ScorePair,
  summarizeSeeds,
} from "oal-core";
import { isOod } from "./summary.js";
import { differenceOverSeeds } from "./intervals.js";
import { compareOptions, modelScores } from "./kinds.js";
import { commonDetectors, placesOf } from "./overSeeds.js";
import type { ModelScores, SetScores } from "./result.js";
import { drawSeeds, type SeededModel, type SeedSampleOptions, type SeedSamples } from "./seedSamples.js";

/** The difference first - second of one metric. */
export interface Difference {
  readonly first: string;
  readonly second: string;
  readonly detector: string;
  /** Name of an OOD set, or "near" or "far" for the unweighted mean. */
  readonly on: string;
  readonly metric: MetricName;
  /** Fractions; the mean over seeds where there are several. */
  readonly difference: number;
  /** One difference per seed, where there are several. */
  readonly bySeed?: readonly number[];
  /** Standard deviation of these over seeds, ddof 0. */
  readonly deviation?: number;
  /** 95 % interval: by the bootstrap over images and, where there are several seeds, by their spread with Student's t. */
  readonly interval: readonly [number, number];
  /** Two-sided p value, below 0.05 where the interval leaves 0 out. */
  readonly p: number;
  /** p lies below what the number of resamples can show, 2 / (B + 1), and is the normal distribution's by their standard error. */
  readonly beyond?: true;
  /** Degrees of freedom of Student's t: one less than the seeds; absent for one seed. */
  readonly degrees?: number;
  /** Holm-adjusted over this comparison's differences of one metric, the group means and the single sets apart. */
  readonly adjustedP: number;
  /** Two-sided p value of DeLong's test, which is not bounded by the number of resamples: AUROC on single sets and of one seed only. */
  readonly delongP?: number;
}

/** What to compare, and how often to resample. */
export interface CompareOptions {
  readonly resamples?: number;
  readonly seed?: number;
  /** Default: the metrics of headlines, AUROC and FPR@95 unless others are registered. */
  readonly metrics?: readonly MetricName[];
  /** Single sets beside the near and far means. Default false. */
  readonly perSet?: boolean;
}

/**
 * Compares two models with the same detector on the same images.
 *
 * @param first  scores of one model
 * @param second  scores of the other on the same sets in the same order
 * @returns one difference per detector they share, place (near, far, sets) and metric
 * @throws OAL-E104 when sets or images differ
 * @source PROTOCOL section 9
 * @example compareModels(oalScores, ceScores).find(({ on, metric }) => on === "near" && metric === "auroc"); // difference, interval, p
 */
export function compareModels(
  first: ModelScores,
  second: ModelScores,
  options: CompareOptions = {},
): Difference[] {
  expectArguments("compareModels", {
    first: [first, modelScores],
    second: [second, modelScores],
    options: [options, compareOptions],
  });
  return compareOverSeeds([first], [second], options);
}

/**
 * Compares two models seed by seed: paired over seeds and, within a seed, over images.
 *
 * @param first  scores of one model, one per seed
 * @param second  scores of the other for the same seeds, in the same order
 * @throws OAL-E230 when the seeds differ, OAL-E104 when sets or images of a seed differ
 * @source PROTOCOL section 9, docs/decisions/0048
 * @example const [near] = compareOverSeeds(oalSeeds, kdSeeds, { metrics: ["auroc"] }); // near.difference, near.bySeed, near.interval, near.p
 */
export function compareOverSeeds(
  first: SeededModel,
  second: SeededModel,
  options: CompareOptions & SeedSampleOptions = {},
): Difference[] {
  expectArguments("compareOverSeeds", {
    first: [first, kinds.listOf(modelScores)],
    second: [second, kinds.listOf(modelScores)],
    options: [options, compareOptions],
  });
  first.forEach((scores, s) => {
    const other = second[s];
    if (other) assertSameImages(scores, other);
  });
  if ((first[0]?.sets.filter(isOod).length ?? 0) === 0) return [];
  return differencesOf(drawSeeds([first, second], options), 0, 1, options);
}

/** The differences of two models of samples that were drawn already. */
export function differencesOf(
  samples: SeedSamples,
  one: number,
  other: number,
  { metrics = headlineMetrics(), perSet = false }: CompareOptions,
): Difference[] {
  const [first, second] = [samples.models[one] ?? [], samples.models[other] ?? []];
  const names = [first[0]?.model ?? "", second[0]?.model ?? ""] as const;
  const ood = first[0]?.sets.filter(isOod) ?? [];
  const theirs = commonDetectors(second);
  const detectors = commonDetectors(first).filter((id) => theirs.includes(id));
  const found: Omit<Difference, "adjustedP">[] = [];
  for (const detector of detectors) {
    const pairs = [first, second].map((model) => model.map((scores) => scorePairs(scores, ood, detector)));
    const points = pairs.map((seeds) =>
      seeds.map((sets) => sets.map(({ id, ood: out }) => detectionMetrics(id, out))),
    );
    for (const [on, sets] of placesOf(ood, perSet)) {
      for (const metric of metrics) {
        const value = (row: number, s: number): number =>
          sets.reduce((sum, k) => sum + (points[row]?.[s]?.[k]?.[metric] ?? NaN), 0) / sets.length;
        const bySeed = first.map((_, s) => value(0, s) - value(1, s));
        const { mean, deviation } = summarizeSeeds(bySeed);
        const paired = differenceOverSeeds(
          bySeed,
          samples.values(one, detector, sets, metric),
          samples.values(other, detector, sets, metric),
          fewestImages(first, sets, ood),
        );
        const alone = pairs.map((seeds) =>
          isMean(on) || seeds.length > 1 ? undefined : seeds[0]?.[sets[0] ?? 0],
        );
        found.push({
          first: names[0],
          second: names[1],
          detector,
          on,
          metric,
          difference: mean,
          ...(bySeed.length > 1 ? { bySeed, deviation } : {}),
          ...paired,
          ...(metric === "auroc" && alone[0] && alone[1]
            ? { delongP: delongTest(alone[0], alone[1]).p }
            : {}),
        });
      }
    }
  }
  const adjusted = new Map(
    allMetrics.ids.flatMap((metric) =>
      [true, false].flatMap((mean) => {
        const family = found.filter((item) => item.metric === metric && isMean(item.on) === mean);
        const p = holm(family.map((item) => item.p));
        return family.map((item, i): [Omit<Difference, "adjustedP">, number] => [item, p[i] ?? item.p]);
      }),
    ),
  );
  return found.map((item) => ({ ...item, adjustedP: adjusted.get(item) ?? item.p }));
}

/** Whether a place is a mean over the sets of its group ("near", "far"); everything else is one set. */
export function isMean(place: string): boolean {
  return place === "near" || place === "far";
}

/** The number of images of the smallest set that a comparison reads, ID test images among them. */
function fewestImages(
  model: SeededModel,
  sets: readonly number[],
  ood: readonly Pick<SetScores, "name">[],
): number {
  const names = sets.map((k) => ood[k]?.name);
  const counts = model.flatMap(({ sets: own }) =>
    own.flatMap(({ name, group, ids }) => (group === "test" || names.includes(name) ? [ids.length] : [])),
  );
  return Math.min(...counts);
}

/** Confidences of the ID test images against those of every OOD set. */
function scorePairs(scores: ModelScores, ood: readonly { name: string }[], detector: string): ScorePair[] {
  const id = scores.sets.find((set) => set.group === "test")?.confidence[detector] ?? [];
  return ood.map(({ name }) => ({
    id,
    ood: scores.sets.find((set) => set.name === name)?.confidence[detector] ?? [],
  }));
}

function assertSameImages(first: ModelScores, second: ModelScores): void {
  const describe = (scores: ModelScores): string =>
    scores.sets.map((set) => `${set.name} (${set.group}, ${set.ids.length})`).join(", ");
  const what = `comparison of ${first.model} and ${second.model}`;
  const [expected, found] = [describe(first), describe(second)];
  if (expected !== found) throw oalError("OAL-E104", { what, expected, found });
  first.sets.forEach((set, k) => {
    const other = second.sets[k];
    const at = set.ids.findIndex((id, i) => id !== other?.ids[i]);
    if (at >= 0) {
      throw oalError("OAL-E104", {
        what: `${what}, set ${set.name}, position ${at}`,
        expected: `image ${set.ids[at] ?? ""}`,
        found: `image ${other?.ids[at] ?? ""}`,
      });
    }
  });
}
