/** Scores of anyone's detectors judged by the field's metrics: values, intervals, paired tests, and what was taken for what. */
import {
  accuracy,
  aurc,
  calibrationError,
  ccrAtFpr,
  countScores,
  delong,
  delongTest,
  detectionMetrics,
  expectArguments,
  fprAtRecall,
  holm,
  kinds,
  meanMetrics,
  oscr,
  type BootstrapSamples,
  type MetricName,
  type MetricVector,
} from "oal-core";
import {
  commonColumns,
  directionOf,
  gather,
  lengthOf,
  type JudgeOptions,
  type Rows,
  type ScoreDirection,
  type UnknownSet,
  type ValuesOf,
} from "./judgedRows.js";
import { differenceInterval, intervalsOf } from "./intervals.js";
import type { MetricSummary } from "./result.js";
import { bootstrapDefaults, resampleTask } from "./resample.js";
import { resampleInThreads } from "./resampleThreads.js";

/** One column of scores on one set of unknown rows. */
export interface JudgedSet extends MetricSummary {
  readonly name: string;
  readonly count: number;
  /** DeLong's 95 % interval of the AUROC. */
  readonly delong: readonly [number, number];
  /** Share of known rows of the right class above the cut that accepts this share of unknown ones; null without predictions. */
  readonly ccr: Readonly<Record<string, number>> | null;
  readonly oscr: number | null;
  /** Area under risk and coverage of known and unknown rows together, every unknown one an error; null without predictions. */
  readonly aurcAll: number | null;
  /** FPR@95 without the reference's rule of collinear points, where equal scores make it another; null where it is the same. */
  readonly tied: Readonly<Record<"fpr95" | "fpr95Id", number>> | null;
}

/** One column of scores. */
export interface JudgedColumn {
  readonly column: string;
  /** What has the higher scores. */
  readonly higher: ScoreDirection;
  /** Whether that was found from the scores instead of being given. */
  readonly guessed: boolean;
  readonly sets: readonly JudgedSet[];
  /** The unweighted mean over the sets. */
  readonly mean: MetricSummary;
  /** Area under risk and coverage of the known rows; null without predictions. */
  readonly aurc: number | null;
  /** What of it is beyond the area of the best order of the same answers; null without predictions. */
  readonly excessAurc: number | null;
  /**
   * Calibration errors of the known rows, the scores taken as probabilities of the predicted class (15 bins), fractions; or why there are
   * none.
   */
  readonly calibration: ScoreCalibration;
}

/** ECE and MCE, or why scores have none. */
export type ScoreCalibration = Readonly<Record<"ece" | "mce", number>> | { readonly reason: string };

/** A paired difference of two columns. */
export interface ColumnDifference {
  readonly first: string;
  readonly second: string;
  /** A set, or "mean". */
  readonly on: string;
  readonly metric: MetricName;
  readonly difference: number;
  readonly interval: readonly [number, number];
  readonly p: number;
  /** p lies below what the number of resamples can show, 2 / (B + 1), and is the normal distribution's by their standard error. */
  readonly beyond?: true;
  /** Holm-adjusted over the comparisons of one metric. */
  readonly adjustedP: number;
  /** DeLong's, of AUROC on single sets. */
  readonly delongP?: number;
}

/** What became of score files. */
export interface Judgement {
  /** What every file was taken for, in sentences. */
  readonly senses: readonly string[];
  readonly known: number;
  readonly accuracy: number | null;
  readonly columns: readonly JudgedColumn[];
  readonly differences: readonly ColumnDifference[];
  readonly resamples: number;
  readonly seed: number;
}

/** Rates of accepted unknown rows at which correct classification is reported, as in OpenOOD v1.0. */
const ccrRates = [1e-4, 1e-3, 1e-2, 1e-1];

const options = kinds.fields({
  id: kinds.optional(kinds.listOf(kinds.text)),
  ood: kinds.optional(kinds.listOf(kinds.text)),
  unknown: kinds.optional(kinds.text),
  higher: kinds.optional(kinds.oneOf(["known", "unknown"])),
  columns: kinds.optional(kinds.listOf(kinds.text)),
  resamples: kinds.optional(kinds.count),
  seed: kinds.optional(kinds.count),
});

/**
 * Judges score files: CSV, npz of OpenOOD, npy, JSON lines, Parquet.
 *
 * @param paths  files, or folders of them, that say of every row whether it is known (a column, or labels below 0), or two npy files: known, unknown. Files of
 *   the same names in several folders are other scores of the same rows
 * @throws OAL-E293 (a file), OAL-E294 (no known or no unknown rows, or columns that differ), OAL-E101, OAL-E102
 * @source PROTOCOL sections 5 and 9
 * @example
 * const { columns } = await judgeScores(["cifar10.npz", "tin.npz"]);
 * columns[0]?.mean.metrics.auroc;
 */
export async function judgeScores(paths: readonly string[], given: JudgeOptions = {}): Promise<Judgement> {
  expectArguments("judgeScores", { paths: [paths, kinds.listOf(kinds.text)], options: [given, options] });
  const { resamples = bootstrapDefaults.resamples, seed = bootstrapDefaults.seed } = given;
  const { known, sets, senses, correct, columns: wanted } = await gather(paths, given);
  const columns = commonColumns([known, ...sets.map(({ rows }) => rows)], wanted);
  const sign = new Map(columns.map((column) => [column, directionOf(column, known, sets, given.higher)]));
  const valuesOf = (rows: Rows, column: string): Float64Array => {
    const values = rows.get(column) ?? new Float64Array();
    return sign.get(column)?.higher === "unknown" ? values.map((value) => -value) : values;
  };
  const task = resampleTask(
    columns.map((column) => ({ detector: column, scores: scoresOf(column, known, sets, valuesOf) })),
    sets.map(({ name }) => name),
    { resamples, seed },
  );
  const samples = await resampleInThreads(task, { threads: 0 });
  const judged = columns.map((column, row) =>
    judgeColumn(column, row, { sign, known, sets, valuesOf, correct, samples, resamples }),
  );
  return {
    senses,
    known: lengthOf(known),
    accuracy:
      correct &&
      accuracy(
        correct.map(Number),
        correct.map(() => 1),
      ),
    columns: judged,
    differences: resamples === 0 ? [] : differencesOf(judged, samples, known, sets, valuesOf),
    resamples,
    seed,
  };
}

/** A column as the bootstrap reads it. */
function scoresOf(
  column: string,
  known: Rows,
  sets: readonly UnknownSet[],
  valuesOf: ValuesOf,
): Parameters<typeof resampleTask>[0][number]["scores"] {
  const of = (name: string, group: "test" | "far", rows: Rows) => ({
    name,
    group,
    ids: [],
    labels: new Int32Array(),
    predictions: new Int32Array(),
    confidence: { [column]: valuesOf(rows, column) },
  });
  const own = [of("known", "test", known), ...sets.map(({ name, rows }) => of(name, "far", rows))];
  return { model: column, seed: 0, detectors: [column], sets: own };
}

interface JudgeGround {
  readonly sign: ReadonlyMap<string, { higher: ScoreDirection; guessed: boolean }>;
  readonly known: Rows;
  readonly sets: readonly UnknownSet[];
  readonly valuesOf: ValuesOf;
  readonly correct: readonly boolean[] | null;
  readonly samples: BootstrapSamples;
  readonly resamples: number;
}

function judgeColumn(column: string, row: number, ground: JudgeGround): JudgedColumn {
  const { sign, known, sets, valuesOf, correct, samples, resamples } = ground;
  const id = valuesOf(known, column);
  const right = correct?.map(Number) ?? null;
  const wrong = right?.map((value) => 1 - value) ?? null;
  const selective = wrong && aurc(id, wrong);
  const measured = (
    values: MetricVector,
    resampled: (metric: MetricName) => Float64Array,
  ): MetricSummary => ({
    metrics: values,
    interval: resamples === 0 ? null : intervalsOf(values, resampled),
  });
  const judged = sets.map(({ name, rows }, k): JudgedSet => {
    const ood = valuesOf(rows, column);
    return {
      name,
      count: ood.length,
      ...measured(detectionMetrics(id, ood), (metric) => samples.metric(row, k, metric)),
      tied: withoutDropping(id, ood),
      delong: delong([{ id, ood }]).interval[0] ?? [NaN, NaN],
      ccr:
        right && Object.fromEntries(ccrRates.map((rate) => [String(rate), ccrAtFpr(id, right, ood, rate)])),
      oscr: right && oscr(id, right, ood),
      aurcAll: wrong && aurc([...id, ...ood], [...wrong, ...Array.from(ood, () => 1)]).aurc,
    };
  });
  const members = sets.map((_, k) => k);
  return {
    column,
    ...(sign.get(column) ?? { higher: "known", guessed: true }),
    sets: judged,
    mean: measured(meanMetrics(judged.map((set) => set.metrics)), (metric) =>
      samples.mean(row, members, metric),
    ),
    aurc: selective?.aurc ?? null,
    excessAurc: selective?.excess ?? null,
    calibration: calibrationOf(column, ground),
  };
}

/** How far above 1 a probability in float32 may be rounded. */
const rounding = 1e-6;

/**
 * The calibration of scores that may be probabilities of the predicted class: all of them in [0, 1], higher for known rows. Brier score and
 * negative log-likelihood need the probabilities of all classes, which no column of scores has.
 */
function calibrationOf(column: string, { sign, known, sets, correct }: JudgeGround): ScoreCalibration {
  if (!correct) return { reason: "the known rows have no classes with predictions" };
  const own = known.get(column) ?? new Float64Array();
  let [low, high] = [Infinity, -Infinity];
  for (const values of [own, ...sets.map(({ rows }) => rows.get(column) ?? [])])
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low < 0 || high > 1 + rounding)
    return {
      reason: `the scores are no probabilities, they reach from ${shortly(low)} to ${shortly(high)}`,
    };
  if (sign.get(column)?.higher === "unknown")
    return { reason: "higher scores are unknown, so they are no probabilities of the predicted class" };
  return calibrationError(own, correct.map(Number));
}

const shortly = (value: number): string => String(Number(value.toPrecision(4)));

/** Both FPR@95 with all points of the ROC curve, or null where the points that the reference drops make no difference. */
function withoutDropping(id: Float64Array, ood: Float64Array): JudgedSet["tied"] {
  const counts = countScores(id, ood, "FPR@95");
  const rates = (drop: boolean) => ({
    fpr95: fprAtRecall(counts, "ood", 0.95, drop).rate,
    fpr95Id: fprAtRecall(counts, "id", 0.95, drop).rate,
  });
  const [usual, all] = [rates(true), rates(false)];
  return usual.fpr95 === all.fpr95 && usual.fpr95Id === all.fpr95Id ? null : all;
}

/** Every two columns on every set and on their mean, by AUROC and FPR@95. */
function differencesOf(
  judged: readonly JudgedColumn[],
  samples: BootstrapSamples,
  known: Rows,
  sets: readonly UnknownSet[],
  valuesOf: ValuesOf,
): ColumnDifference[] {
  const members = sets.map((_, k) => k);
  const all = (["auroc", "fpr95"] as const).flatMap((metric) => {
    const found = judged.flatMap((a, i) =>
      judged.slice(i + 1).flatMap((b, j): ColumnDifference[] => {
        const [first, second] = [i, i + 1 + j];
        const made = (
          on: string,
          difference: number,
          x: Float64Array,
          y: Float64Array,
          images: number,
        ): ColumnDifference => {
          const found = differenceInterval(difference, x, y, images);
          return { first: a.column, second: b.column, on, metric, difference, ...found, adjustedP: found.p };
        };
        const single = sets.map(({ name, rows }, k) => {
          const difference = (a.sets[k]?.metrics[metric] ?? NaN) - (b.sets[k]?.metrics[metric] ?? NaN);
          const pair = (column: string): { id: Float64Array; ood: Float64Array } => ({
            id: valuesOf(known, column),
            ood: valuesOf(rows, column),
          });
          return {
            ...made(
              name,
              difference,
              samples.metric(first, k, metric),
              samples.metric(second, k, metric),
              Math.min(lengthOf(known), lengthOf(rows)),
            ),
            ...(metric === "auroc" ? { delongP: delongTest(pair(a.column), pair(b.column)).p } : {}),
          };
        });
        const mean = a.mean.metrics[metric] - b.mean.metrics[metric];
        return [
          ...(sets.length > 1
            ? [
                made(
                  "mean",
                  mean,
                  samples.mean(first, members, metric),
                  samples.mean(second, members, metric),
                  Math.min(lengthOf(known), ...sets.map(({ rows }) => lengthOf(rows))),
                ),
              ]
            : []),
          ...single,
        ];
      }),
    );
    const adjusted = holm(found.map(({ p }) => p));
    return found.map((each, k) => ({ ...each, adjustedP: adjusted[k] ?? each.p }));
  });
  return all;
}
