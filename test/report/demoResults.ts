/** Test data: scores drawn from normal distributions, and the results and comparisons that go with them. */
import { Random } from "oal-core";
import type {
  DetectorResult,
  Interval,
  MeasuredMetrics,
  ReportComparison,
  ReportMetrics,
  ReportResult,
  ReportScores,
  SetResult,
} from "../../packages/oal/src/report/index.js";

const random = new Random(1, "report demo");
/** The sets of the made-up run; a larger shift is easier to detect. */
export const SETS = [
  { name: "letters-validation", group: "validation", count: 500, shift: 1.5 },
  { name: "letters", group: "near", count: 1000, shift: 1.35 },
  { name: "scripts", group: "near", count: 1000, shift: 1.6 },
  { name: "textures", group: "far", count: 1000, shift: 2.5 },
  { name: "shapes", group: "far", count: 800, shift: 2.0 },
  { name: "noise", group: "far", count: 800, shift: 3.2 },
] as const;
/** The models, each better by its gain. */
export const MODELS = [
  { id: "ce", gain: 0 },
  { id: "kd", gain: 0.12 },
  { id: "oal", gain: 0.42 },
] as const;
/** The detectors. */
export const DETECTORS = [
  { id: "msp", gain: -0.2 },
  { id: "mls", gain: 0.05 },
  { id: "ebo", gain: 0.1 },
  { id: "knn", gain: 0.25 },
] as const;

let drawn = 0;
/** Fresh normal draws, the same in every run of the test. */
export const normals = (n: number): Float32Array => random.normals(drawn++, n);

/** What a detector makes of a standard score. */
export function shape(detector: string, values: Float32Array): Float32Array {
  if (detector === "msp") return values.map((value) => 1 / (1 + Math.exp(-1.9 * value - 1.8)));
  if (detector === "knn") return values.map((value) => -Math.exp(-0.35 * value - 0.6));
  return values.map((value) => 9 + 2.6 * value);
}

/** The area under the curve by ranks, ties half. */
function auroc(id: Float32Array, ood: Float32Array): number {
  const all = [
    ...Array.from(id, (value) => ({ value, known: 1 })),
    ...Array.from(ood, (value) => ({ value, known: 0 })),
  ];
  all.sort((a, b) => a.value - b.value);
  let sum = 0;
  all.forEach((entry, i) => (sum += entry.known * (i + 1)));
  return (sum - (id.length * (id.length + 1)) / 2) / (id.length * ood.length);
}

function measured(area: number, n: number): MeasuredMetrics {
  const width = 1.96 * Math.sqrt((area * (1 - area)) / n) * 0.8;
  const around = (value: number, scale: number): Interval => [
    Math.max(0, value - width * scale),
    Math.min(1, value + width * scale),
  ];
  const fpr = Math.min(1, 2.6 * (1 - area));
  const metrics: ReportMetrics = {
    auroc: area,
    fpr95: fpr,
    fpr95Id: fpr * 0.93,
    auprIn: area - 0.01,
    auprOut: area - 0.025,
  };
  return {
    metrics,
    interval: {
      auroc: around(metrics.auroc, 1),
      fpr95: around(fpr, 3),
      fpr95Id: around(metrics.fpr95Id, 3),
      auprIn: around(metrics.auprIn, 1.1),
      auprOut: around(metrics.auprOut, 1.3),
    },
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Scores of every model on every set, with their results. */
export function scoresAndResults(): { scores: ReportScores[]; results: ReportResult[] } {
  const scores: ReportScores[] = [];
  const results = MODELS.map((model): ReportResult => {
    const n = 2000;
    const base = normals(n);
    const labels = Int32Array.from({ length: n }, (_, i) => i % 10);
    const luck = random.uniforms(drawn++, n);
    const known = Object.fromEntries(DETECTORS.map(({ id }) => [id, shape(id, base)]));
    const confidence = known["msp"] ?? base;
    const predictions = labels.map((label, i) =>
      (luck[i] ?? 0) < 0.35 + 0.66 * (confidence[i] ?? 0) ? label : (label + 3) % 10,
    );
    const ids = Array.from({ length: n }, (_, i) => `test/${i}`);
    scores.push({
      model: model.id,
      set: "digits test",
      group: "id",
      confidences: known,
      labels,
      predictions,
      ids,
    });
    const unknown = SETS.map((set) => {
      const draws = normals(set.count);
      const confidences = Object.fromEntries(
        DETECTORS.map(({ id, gain }) => [
          id,
          shape(
            id,
            draws.map((value) => 1.15 * value - set.shift - gain - model.gain),
          ),
        ]),
      );
      scores.push({
        model: model.id,
        set: set.name,
        group: set.group,
        confidences,
        labels: new Int32Array(set.count).fill(-1),
        predictions: new Int32Array(set.count),
        ids: Array.from({ length: set.count }, (_, i) => `${set.name}/${i}`),
      });
      return { set, confidences };
    });
    const detectors = DETECTORS.map(({ id }, d): DetectorResult => {
      const sets = unknown.map(({ set, confidences }): SetResult => {
        const area = auroc(known[id] ?? base, confidences[id] ?? base);
        return { name: set.name, group: set.group, count: set.count, ...measured(area, set.count) };
      });
      const over = (group: string): MeasuredMetrics => {
        return measured(
          mean(sets.filter((set) => set.group === group).map((set) => set.metrics.auroc)),
          2500,
        );
      };
      const off = 0.5 + 0.004 * Math.sin(7 * d + model.gain * 40);
      return {
        id,
        sets,
        near: over("near"),
        far: over("far"),
        nullTest: { auroc: off, interval: [off - 0.013, off + 0.013] },
      };
    });
    const accuracy = mean(Array.from(labels, (label, i) => (predictions[i] === label ? 1 : 0)));
    const calibration = {
      ece: 0.021 - 0.01 * model.gain,
      mce: 0.09,
      brier: 0.093 - 0.02 * model.gain,
      nll: 0.21 - 0.05 * model.gain,
    };
    const accuracies = { train: 0.5 + accuracy / 2, validation: accuracy + 0.004, test: accuracy };
    return { model: model.id, seed: 0, idAccuracy: accuracy, accuracies, calibration, detectors };
  });
  return { scores, results };
}

/** Differences of every pair of models under every detector. */
export function comparisons(results: readonly ReportResult[]): ReportComparison[] {
  const find = (model: string, detector: string): DetectorResult | undefined =>
    results.find((result) => result.model === model)?.detectors.find((found) => found.id === detector);
  return DETECTORS.flatMap(({ id }) =>
    (
      [
        ["oal", "ce"],
        ["oal", "kd"],
        ["kd", "ce"],
      ] as const
    ).flatMap((models) => {
      const [a, b] = [find(models[0], id), find(models[1], id)];
      const rows = [
        ["near", a?.near, b?.near] as const,
        ["far", a?.far, b?.far] as const,
        ...SETS.filter((set) => set.group !== "validation").map(({ name }) => {
          const of = (result?: DetectorResult): SetResult | undefined =>
            result?.sets.find((set) => set.name === name);
          return [name, of(a), of(b)] as const;
        }),
      ];
      return rows.map(([set, one, other]): ReportComparison => {
        const difference = (one?.metrics.auroc ?? 0) - (other?.metrics.auroc ?? 0);
        const half = set === "near" || set === "far" ? 0.009 : 0.014;
        const p = Math.min(1, Math.exp(-2 * (difference / half) ** 2));
        return {
          detector: id,
          set,
          metric: "auroc",
          models,
          difference,
          interval: [difference - half, difference + half],
          p,
          adjustedP: Math.min(1, 4 * p),
        };
      });
    }),
  );
}
