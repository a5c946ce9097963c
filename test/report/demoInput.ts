/** Test data: a made-up run with the shape of a real one. No number here was measured on a model. */
import type { ReportCurves, ReportFeatures, ReportInput } from "../../packages/oal/src/report/index.js";
import { demoSheet } from "./demoPictures.js";
import { comparisons, DETECTORS, MODELS, normals, scoresAndResults, SETS, shape } from "./demoResults.js";

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

/** A quarter of the points is enough for tests; a page to be looked at gets all. */
const share = process.env["OAL_REPORT_DEMO"] === undefined ? 4 : 1;

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
    cloud("digits test", "id", 360 / share, 10, 0),
    cloud("letters", "near", 160 / share, 10, 0.38),
    cloud("scripts", "near", 160 / share, 10, 0.45),
    cloud("textures", "far", 160 / share, 10, 0.8),
    cloud("noise", "far", 160 / share, 10, 0.9),
    cloud("outliers", "outlier", 120 / share, 10, 0.25),
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
    overSeeds: [],
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
      id: `${i < 12 ? "digits" : i < 19 ? "letters" : "textures"}/picture_${String(i).padStart(4, "0")}.png`,
      png,
      set: i < 12 ? "digits test" : i < 19 ? "letters" : "textures",
      label: i < 12 ? names[i % 10] : undefined,
      prediction: names[(i * 7 + 3) % 10] ?? "zero",
      score: i < 12 ? -4.1 + 0.11 * i : 18.2 - 0.21 * i,
    })),
    mistakesOf: {
      model: "oal",
      detector: "ebo",
      threshold: 1.25,
      rejected: { count: 97, of: 2000 },
      accepted: { count: 12, of: 5200 },
    },
    leftOut: [
      {
        set: "train",
        unreadable: [
          { id: "three/broken.jpg", problem: "not a readable JPEG image" },
          { id: "eight/empty.png", problem: "the file is empty" },
        ],
        passedOver: { "text files": 2 },
      },
    ],
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
    rows: {
      mode: "official",
      rows: (["published", "fixed", "no effect"] as const).map((state, i) => ({
        id: `r0${i + 3}`,
        title: "which outlier meets which image",
        state,
        published: "pairs every image with any outlier",
        consequence: "the terms are 0 on average",
        corrected: "an outlier of the image's own class",
        settings: [{ key: "mi.pairing", value: "random" }],
      })),
      notReproduced: { r11: "names files of the authors" },
    },
    choices: [
      {
        setting: "knn.k",
        value: 50,
        chosenBy: "validation",
        models: ["ce", "kd", "oal"],
        how: "the largest AUROC of known against unknown validation images",
        candidates: [
          { value: 10, score: 0.8812 },
          { value: 50, score: 0.8914 },
          { value: 100, score: 0.8873 },
        ],
      },
      {
        setting: "threshold.ebo",
        value: 1.25,
        chosenBy: "validation",
        models: ["oal"],
        how: "the largest that keeps a share of 0.95 of pictures like the 1000 known validation images",
      },
      { setting: "student.epochs", value: 12, chosenBy: "user" },
      { setting: "mi.embWeight", value: 0.1, chosenBy: "published", how: "preset official" },
      { setting: "evaluation.scoreDetector", value: "ebo", chosenBy: "default" },
      { setting: "student.learningRate", value: 0.1, chosenBy: "default", how: "preset embedded" },
    ],
    warnings: ["K (200) is larger than the smallest class bank (183); used 109"],
  };
}
