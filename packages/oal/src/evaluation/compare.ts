/** Paired differences between models on the same images: bootstrap intervals and p values, Holm-adjusted, and DeLong's test. */
import {
  delongTest,
  detectionMetrics,
  expectArguments,
  holm,
  type MetricName,
  metricNames,
  oalError,
  pairedDifference,
  type ScorePair,
} from "oal-core";
import { isOod, resampleScores } from "./summary.js";
import { compareOptions, modelScores } from "./kinds.js";
import type { ModelScores } from "./result.js";

/** The difference first - second of one metric. */
export interface Difference {
  readonly first: string;
  readonly second: string;
  readonly detector: string;
  /** Name of an OOD set, or "near" or "far" for the unweighted mean. */
  readonly on: string;
  readonly metric: MetricName;
  /** Fractions. */
  readonly difference: number;
  /** 95 % bootstrap interval. */
  readonly interval: readonly [number, number];
  /** Two-sided bootstrap p value. */
  readonly p: number;
  /** Holm-adjusted over this comparison's differences of one metric, the group means and the single sets apart. */
  readonly adjustedP: number;
  /** Two-sided p value of DeLong's test, which is not bounded by the number of resamples: AUROC on single sets only. */
  readonly delongP?: number;
}

/** What to compare, and how often to resample. */
export interface CompareOptions {
  readonly resamples?: number;
  readonly seed?: number;
  /** Default: "auroc" and "fpr95". */
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
  assertSameImages(first, second);
  const metrics = options.metrics ?? ["auroc", "fpr95"];
  const ood = first.sets.filter(isOod);
  if (ood.length === 0) return [];
  const detectors = first.detectors.filter((id) => second.detectors.includes(id));
  const rows = detectors.flatMap((detector) => [
    { scores: first, detector },
    { scores: second, detector },
  ]);
  const { resamples, seed } = options;
  const samples = resampleScores(
    rows,
    ood.map((set) => set.name),
    {
      ...(resamples === undefined ? {} : { resamples }),
      ...(seed === undefined ? {} : { seed }),
    },
  );
  const members = (group: "near" | "far"): number[] =>
    ood.flatMap((set, k) => (set.group === group ? [k] : []));
  const places: [string, number[]][] = [
    ["near", members("near")],
    ["far", members("far")],
    ...(options.perSet === true ? ood.map((set, k): [string, number[]] => [set.name, [k]]) : []),
  ];
  const found: Omit<Difference, "adjustedP">[] = [];
  detectors.forEach((detector, d) => {
    const pairs = [first, second].map((scores) => scorePairs(scores, ood, detector));
    const points = pairs.map((sets) => sets.map(({ id, ood: out }) => detectionMetrics(id, out)));
    for (const [on, sets] of places) {
      if (sets.length === 0) continue;
      for (const metric of metrics) {
        const value = (row: number): number =>
          sets.reduce((sum, k) => sum + (points[row]?.[k]?.[metric] ?? NaN), 0) / sets.length;
        const paired = pairedDifference(
          samples.mean(2 * d, sets, metric),
          samples.mean(2 * d + 1, sets, metric),
        );
        const [one, other] = pairs.map((of) => (isMean(on) ? undefined : of[sets[0] ?? 0]));
        found.push({
          first: first.model,
          second: second.model,
          detector,
          on,
          metric,
          difference: value(0) - value(1),
          ...paired,
          ...(metric === "auroc" && one && other ? { delongP: delongTest(one, other).p } : {}),
        });
      }
    }
  });
  const adjusted = new Map(
    metricNames.flatMap((metric) =>
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
