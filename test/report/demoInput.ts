/** Test data: a made-up run with the shape of a real one. No number here was measured on a model. */
import { Random } from "oal-core";
import type {
  DetectorResult,
  Interval,
  MeasuredMetrics,
  ReportComparison,
  ReportCurves,
  ReportFeatures,
  ReportInput,
  ReportMetrics,
  ReportResult,
  ReportScores,
  SetResult,
} from "../../packages/oal/src/report/index.js";
import { demoSheet } from "./demoPictures.js";

const random = new Random(1, "report demo");
const SETS = [
  { name: "letters-validation", group: "validation", count: 500, shift: 1.5 },
  { name: "letters", group: "near", count: 1000, shift: 1.35 },
  { name: "scripts", group: "near", count: 1000, shift: 1.6 },
  { name: "textures", group: "far", count: 1000, shift: 2.5 },
  { name: "shapes", group: "far", count: 800, shift: 2.0 },
  { name: "noise", group: "far", count: 800, shift: 3.2 },
] as const;
const MODELS = [
  { id: "ce", gain: 0 },
  { id: "kd", gain: 0.12 },
  { id: "oal", gain: 0.42 },
] as const;
const DETECTORS = [
  { id: "msp", gain: -0.2 },
  { id: "mls", gain: 0.05 },
  { id: "ebo", gain: 0.1 },
  { id: "knn", gain: 0.25 },
] as const;

let drawn = 0;
const normals = (n: number): Float32Array => random.normals(drawn++, n);

function shape(detector: string, values: Float32Array): Float32Array {
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

function scoresAndResults(): { scores: ReportScores[]; results: ReportResult[] } {
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
    return { model: model.id, seed: 0, idAccuracy: accuracy, calibration, detectors };
  });
  return { scores, results };
}

function comparisons(results: readonly ReportResult[]): ReportComparison[] {
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
        };
      });
    }),
  );
}

function curves(): ReportCurves[] {
  const curve = (
    from: number,
    to: number,
    noise: number,
    steps: number,
  ): { step: number; value: number }[] => {
    const noises = normals(400);
    return Array.from({ length: 400 }, (_, i) => {
      const value = to + (from - to) * Math.exp(-i / 60);
      return { step: Math.round(((i + 1) * steps) / 400), value: value * (1 + noise * (noises[i] ?? 0)) };
    });
  };
  return [
    {
      run: "teacher",
      terms: { crossEntropy: curve(2.3, 0.06, 0.12, 4000), learningRate: curve(0.1, 0.0001, 0, 4000) },
    },
    {
      run: "auto-encoder",
      terms: { reconstruction: curve(0.21, 0.0031, 0.06, 2000), kl: curve(3.1, 1.4, 0.03, 2000) },
    },
    { run: "latent denoiser", terms: { velocity: curve(1, 0.21, 0.08, 3000) } },
    { run: "student ce", terms: { crossEntropy: curve(2.3, 0.09, 0.14, 3000) } },
    {
      run: "student oal",
      terms: {
        total: curve(14, 1.3, 0.08, 3000),
        crossEntropy: curve(2.3, 0.12, 0.14, 3000),
        logitDistillation: curve(5.2, 0.34, 0.1, 3000),
        featureDistillation: curve(1.2, 0.42, 0.05, 3000),
        clubEmbedding: curve(0.02, -0.05, 0.6, 3000),
        clubLatent: curve(-0.03, 0.04, 0.6, 3000),
        qLikelihood: curve(-3, -0.4, 0.05, 3000),
        decodedOutliers: curve(0.6, 0.11, 0.12, 3000),
      },
    },
  ];
}

function features(): ReportFeatures[] {
  const dimension = 128;
  const centers = normals(16 * dimension);
  const cloud = (
    set: string,
    group: ReportFeatures["group"],
    n: number,
    classes: number,
    far: number,
  ): ReportFeatures => {
    const noise = normals(n * dimension);
    const labels = Int32Array.from({ length: n }, (_, i) => (group === "id" ? i % classes : -1));
    const points = noise.map((value, i) => {
      const [row, column] = [Math.floor(i / dimension), i % dimension];
      const own = centers[(row % classes) * dimension + column] ?? 0;
      const other = centers[((row + 1 + (row % 3)) % classes) * dimension + column] ?? 0;
      if (group === "far")
        return 1.2 * value + far * (centers[(12 + (set.length % 4)) * dimension + column] ?? 0);
      return 1.5 * value + (1 - far) * own + far * other;
    });
    return { set, group, points, dimension, labels };
  };
  return [
    cloud("digits test", "id", 900, 10, 0),
    cloud("letters", "near", 400, 10, 0.38),
    cloud("scripts", "near", 400, 10, 0.45),
    cloud("textures", "far", 400, 10, 0.8),
    cloud("noise", "far", 400, 10, 0.9),
    cloud("outliers", "outlier", 300, 10, 0.25),
  ];
}

/** The made-up input. `classNames` may be replaced to try hostile names. */
export async function demoInput(): Promise<ReportInput> {
  const { scores, results } = scoresAndResults();
  const names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const thumbs = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      demoSheet(i < 12 ? "digit" : i < 19 ? "letter" : "texture", 1, 1, i),
    ),
  );
  return {
    title: "Digits against letters, scripts and textures (test data)",
    summary:
      "Three students of equal budget on rendered digits: cross-entropy, distillation, and outlier-aware learning. Every number on this page is made up, to try the report itself.",
    configuration: {
      preset: "embedded",
      seed: 0,
      student: { network: "resnetSmall", width: 16, epochs: 12 },
      outliers: { k: 100, sigma: "auto", perAnchor: 2 },
      oal: { temperature: 4, weights: { club: 0.1, kd: 4 } },
    },
    environment: {
      versions: { oal: "0.1.0", node: "20.19.0", "onnxruntime-node": "1.30.0" },
      hardware: { processor: "Test CPU, 2 cores", memory: "8 GB", platform: "linux x64" },
      seconds: {
        data: 11,
        teacher: 64,
        embeddings: 4,
        "boundary outliers": 2.1,
        "latent diffusion": 71,
        "latent outliers": 13,
        students: 96,
        evaluation: 17,
        report: 6,
      },
      command: "oal run --preset embedded",
      finished: "2026-11-25T12:00:00Z",
    },
    classNames: names,
    results,
    comparisons: comparisons(results),
    scores,
    curves: curves(),
    samples: [
      {
        title: "Digits, training",
        caption: "Known classes, one column per class.",
        png: await demoSheet("digit", 20, 6, 1),
      },
      {
        title: "Near-OOD: letters",
        caption: "Look-alikes of digits left out.",
        png: await demoSheet("letter", 20, 6, 2),
      },
      { title: "Far-OOD: textures", caption: "Procedural.", png: await demoSheet("texture", 20, 6, 3) },
      {
        title: "Gallery",
        caption:
          "Left: known images; middle: inlier samples of the diffusion model; right: decoded outliers.",
        section: "outliers",
        png: await demoSheet("outlier", 30, 8, 4),
      },
    ],
    featureModel: "oal",
    features: features(),
    mistakes: thumbs.map((png, i) => ({
      kind: i < 12 ? ("id-rejected" as const) : ("ood-accepted" as const),
      png,
      set: i < 12 ? "digits test" : i < 19 ? "letters" : "textures",
      label: i < 12 ? names[i % 10] : undefined,
      prediction: names[(i * 7 + 3) % 10] ?? "zero",
      score: i < 12 ? -4.1 + 0.11 * i : 18.2 - 0.21 * i,
    })),
    mistakesOf: { model: "oal", detector: "ebo" },
    thresholds: MODELS.flatMap(({ id, gain }) =>
      DETECTORS.map((detector) => ({
        model: id,
        detector: detector.id,
        value: shape(detector.id, Float32Array.of(-1.645))[0] ?? 0,
        target: 0.95,
        idTestAccepted: 0.947 + 0.004 * gain,
        oodAccepted: Object.fromEntries(
          SETS.map((set) => [set.name, Math.max(0.01, 0.62 - 0.16 * set.shift - 0.12 * gain)]),
        ),
      })),
    ),
    audit: [
      { name: "Outliers", value: 300, note: "latents synthesised, 30 per class" },
      {
        name: "Fake outliers",
        value: "6.3 %",
        note: "teacher says the anchor's class with confidence above 0.9; alarming above a third",
      },
      { name: "Mean teacher confidence", value: 0.4317, note: "on decoded outliers; 0.981 on known images" },
      {
        name: "Distance ratio",
        value: 1.384,
        note: "k-th neighbour distance of kept outliers over that of anchors; must exceed 1",
      },
      {
        name: "Two embeddings differ",
        value: 0.2136,
        note: "mean pixel difference of two outliers of one noise; near 0 would mean that the condition is ignored",
      },
    ],
    warnings: ["K (200) is larger than the smallest class bank (183); used 109"],
  };
}
