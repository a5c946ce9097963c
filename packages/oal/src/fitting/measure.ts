/** What the test part says of a fit: accuracy, how well unknown pictures are told from known ones, with intervals. */
import {
  bootstrap,
  detectionMetrics,
  drawResamples,
  metrics,
  metricVector,
  percentileInterval,
  Random,
  sortScores,
  type MetricVector,
  type PerMetric,
  type ResampleSource,
} from "oal-core";
import type { ClassLeftOut } from "./leaveOut.js";

/** Resamples of the bootstrap. */
const resamples = 1000;

/** A share of pictures with the 95 % interval of the true rate. */
export interface MeasuredShare {
  readonly hits: number;
  readonly count: number;
  readonly value: number;
  readonly interval: readonly [number, number];
}

/** A detector against one set of unknown pictures. */
export interface MeasuredSet {
  readonly name: string;
  readonly count: number;
  readonly metrics: MetricVector;
  readonly interval: PerMetric<readonly [number, number]>;
}

/** Scores of a set by detector id. */
export type ScoresById = Readonly<Record<string, Float32Array>>;

/**
 * Every detector against every set of unknown pictures.
 *
 * @param known  scores of the known test pictures, at least one
 * @param unknown  sets of at least one picture
 * @returns by detector id, in the order of the sets
 */
export function measureSets(
  ids: readonly string[],
  known: ScoresById,
  unknown: readonly { readonly name: string; readonly confidence: ScoresById }[],
): Readonly<Record<string, readonly MeasuredSet[]>> {
  const rows = ids.map((id) => ({
    id: known[id] ?? new Float32Array(),
    ood: unknown.map(({ confidence }) => confidence[id] ?? new Float32Array()),
  }));
  const [first] = rows;
  const counts = first?.ood.map(({ length }) => length) ?? [];
  const source = drawResamples(new Random(0, "fit/bootstrap"), resamples, first?.id.length ?? 0, counts);
  const samples = bootstrap(rows, source);
  return Object.fromEntries(
    ids.map((id, row) => {
      const sorted = sortScores(rows[row]?.id ?? [], "detection metrics, ID side");
      return [
        id,
        unknown.map(({ name }, set): MeasuredSet => ({
          name,
          count: counts[set] ?? 0,
          metrics: detectionMetrics(sorted, rows[row]?.ood[set] ?? []),
          interval: metricVector((metric) => {
            const { interval = percentileInterval } = metrics.find(metric);
            return interval(samples.metric(row, set, metric));
          }),
        })),
      ];
    }),
  );
}

/** A detector over the classes that were left out. */
export interface MeasuredLeaveOut {
  /** Mean AUROC over the classes, with its interval. */
  readonly mean: number;
  readonly interval: readonly [number, number];
  /** In the order of the classes that were left out. */
  readonly classes: readonly { readonly auroc: number; readonly interval: readonly [number, number] }[];
}

/**
 * Leave-class-out by detector id. Intervals resample the test pictures class by class; a picture counts as often as known one of the
 * other classes as it does as unknown one of its own.
 *
 * @param labels  classes of the test pictures, in the order in which the known ones were scored
 */
export function measureLeaveOut(
  ids: readonly string[],
  left: readonly ClassLeftOut[],
  labels: Int32Array,
): Readonly<Record<string, MeasuredLeaveOut>> {
  const measured = left.map((each) => {
    const draws = resamplesWithout(each.index, labels, drawsFor(left.length * ids.length * labels.length));
    const rows = ids.map((id) => ({
      id: each.scores[id]?.known ?? new Float32Array(),
      ood: [each.scores[id]?.unknown ?? new Float32Array()],
    }));
    const whole = rows.every(({ id, ood }) => id.length > 0 && ood.every(({ length }) => length > 0));
    return whole ? bootstrap(rows, draws) : null;
  });
  return Object.fromEntries(
    ids.flatMap((id, row): [string, MeasuredLeaveOut][] => {
      const own = left.flatMap((each, k) => {
        const samples = measured[k];
        const auroc = each.auroc[id];
        return samples && auroc !== undefined ? [{ auroc, drawn: samples.metric(row, 0, "auroc") }] : [];
      });
      const [first] = own;
      if (!first || own.length < left.length) return [];
      const mean = first.drawn.map(
        (_, b) => own.reduce((sum, { drawn }) => sum + (drawn[b] ?? 0), 0) / own.length,
      );
      return [
        [
          id,
          {
            mean: own.reduce((sum, { auroc }) => sum + auroc, 0) / own.length,
            interval: percentileInterval(mean),
            classes: own.map(({ auroc, drawn }) => ({ auroc, interval: percentileInterval(drawn) })),
          },
        ],
      ];
    }),
  );
}

/** Fewer resamples where there is much to resample: the interval of a large test part is narrow anyway. */
function drawsFor(size: number): number {
  return Math.max(100, Math.min(500, Math.floor(2e7 / Math.max(1, size))));
}

/** Resamples of the test pictures, class by class: those of one class as unknown, those of all others as known. */
function resamplesWithout(without: number, labels: Int32Array, count: number): ResampleSource {
  const byClass = new Map<number, number>();
  for (const label of labels) byClass.set(label, (byClass.get(label) ?? 0) + 1);
  const streams = new Map(
    [...byClass.keys()].map((label) => [label, new Random(0, `fit/leave-out/${label}`)]),
  );
  const drawn = (label: number, b: number): number[] => {
    const own = byClass.get(label) ?? 0;
    const uniforms = streams.get(label)?.uniforms(b, own) ?? new Float32Array();
    return Array.from(uniforms, (u) => Math.min(own - 1, Math.floor(u * own)));
  };
  // the known pictures keep the order of the set: where the members of each class stand among them
  const places = new Map<number, number[]>();
  let at = 0;
  for (const label of labels) {
    if (label === without) continue;
    const members = places.get(label) ?? [];
    members.push(at++);
    places.set(label, members);
  }
  return {
    resamples: count,
    id: (b) =>
      [...places].flatMap(([label, members]) => drawn(label, b).map((member) => members[member] ?? 0)),
    ood: (_set, b) => drawn(without, b),
  };
}
