/** Stage "report": gathers what the artifacts hold and writes one HTML page and the tables as CSV and JSON. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compareModels, type Difference } from "../../evaluation/compare.js";
import type { EvaluationResult, ModelScores, SetScores } from "../../evaluation/result.js";
import { readScores, scoreFileName } from "../../evaluation/scoreFiles.js";
import { resultCsv, resultJson } from "../../evaluation/tables.js";
import { writeReport } from "../../report/write.js";
import type { ReportCurves, ReportInput, ReportScores } from "../../report/input.js";
import type { Artifact } from "../artifact.js";
import { readEvents } from "../events.js";
import type { StageContext } from "./context.js";
import type { PreparedData } from "./data.js";
import { evaluationFiles, readResult } from "./evaluation.js";
import { featuresOf, mistakesOf, sheets } from "./reportPictures.js";
import { writeError } from "../systemError.js";

/** What the report is made of. */
export interface ReportArtifacts {
  /** Evaluation artifact by method. */
  readonly evaluations: ReadonlyMap<string, Artifact>;
  readonly teacher?: Artifact | undefined;
  readonly teacherTest?: Artifact | undefined;
  readonly boundary?: Artifact | undefined;
  readonly diffusion?: Artifact | undefined;
  readonly latents?: Artifact | undefined;
}

/** Writes report.html, results.csv, results.json and differences.json into the run folder. */
export async function reportStage(
  context: StageContext,
  data: PreparedData,
  artifacts: ReportArtifacts,
): Promise<{ path: string; results: EvaluationResult[]; differences: Difference[] }> {
  const { config, run } = context;
  const events = run.events.stage("report");
  const results: EvaluationResult[] = [];
  const scored: ModelScores[] = [];
  for (const [method, artifact] of artifacts.evaluations) {
    const result = await readResult(artifact);
    if (result === null) continue;
    results.push(result);
    // a detector that could not be fitted (too few images) was left out of the evaluation
    const measured = result.detectors.map(({ id }) => id);
    scored.push(await readModelScores(method, config.seed, measured, artifact, data));
  }
  events.progress(1, 4, { text: "paired differences" });
  const comparisons = comparePairs(scored, config.evaluation.bootstrap, config.seed);
  const chosen = artifacts.evaluations.has("oal") ? "oal" : ([...artifacts.evaluations.keys()].at(-1) ?? "");
  const chosenArtifact = artifacts.evaluations.get(chosen);
  const detector = config.evaluation.scoreDetector;
  events.progress(2, 4, { text: "pictures" });
  const input: ReportInput = {
    title: `Outlier-aware learning: ${config.preset}`,
    summary: `${data.classNames.length} known classes, ${data.train.set.count} training images. Every student has the same network, data order and number of steps.`,
    configuration: config,
    environment: {
      versions: { ...run.versions },
      hardware: run.manifest.hardware,
      seconds: Object.fromEntries(
        Object.entries(run.manifest.stages).map(([name, { seconds }]) => [name, seconds]),
      ),
      command: ["oal", ...process.argv.slice(2)].join(" "),
      finished: new Date().toISOString(),
    },
    classNames: data.classNames,
    headline: { detector, reason: "the detector the run was configured to decide with" },
    results: results.map((result) => ({
      ...result,
      detectors: result.detectors.map(({ near, far, nullTest, ...detector }) => ({
        ...detector,
        ...(near ? { near } : {}),
        ...(far ? { far } : {}),
        ...(nullTest ? { nullTest } : {}),
      })),
    })),
    comparisons: comparisons.map(({ first, second, on, ...rest }) => ({
      ...rest,
      set: on,
      models: [first, second] as const,
    })),
    scores: scored.flatMap((model) => model.sets.map((set) => reportScores(model.model, set))),
    curves: curvesOf(run.events.path),
    samples: await sheets(data, artifacts),
    ...(chosenArtifact
      ? { featureModel: chosen, features: await featuresOf(chosenArtifact, data) }
      : { features: [] }),
    mistakes: await mistakesOf(
      scored.find(({ model }) => model === chosen),
      detector,
      data,
    ),
    mistakesOf: { model: chosen, detector },
    thresholds: results.flatMap((result) => {
      const found = result.detectors.find(({ id }) => id === detector);
      const model = scored.find((one) => one.model === result.model);
      return found?.threshold == null || !model
        ? []
        : [thresholdOf(model, detector, found.threshold, config.evaluation.keep)];
    }),
    audit: auditOf(artifacts),
    warnings: readEvents(run.events.path)
      .filter(({ kind }) => kind === "warning")
      .map(({ stage, text }) => `${stage}: ${text ?? ""}`)
      .filter((text, index, all) => all.indexOf(text) === index),
    seed: config.seed,
  };
  events.progress(3, 4, { text: "page" });
  const path = join(run.folder, "report.html");
  await writeReport(input, path);
  try {
    await writeFile(join(run.folder, "results.csv"), resultCsv(results));
    await writeFile(join(run.folder, "results.json"), resultJson(results));
    await writeFile(join(run.folder, "differences.json"), JSON.stringify(comparisons, null, 2));
  } catch (error) {
    throw writeError(run.folder, error);
  }
  events.progress(4, 4, { text: "page" });
  return { path, results, differences: comparisons };
}

async function readModelScores(
  method: string,
  seed: number,
  detectors: readonly string[],
  artifact: Artifact,
  data: PreparedData,
): Promise<ModelScores> {
  const folder = join(artifact.folder, evaluationFiles.scores);
  const names: readonly [string, SetScores["group"]][] = [
    ["id-validation", "validation"],
    ["id", "test"],
    ...data.ood.flatMap(({ name, group }): [string, SetScores["group"]][] =>
      group === "validation" ? [] : [[name, group]],
    ),
  ];
  const sets: SetScores[] = [];
  for (const [name, group] of names)
    sets.push(await readScores(join(folder, scoreFileName(method, name)), name, group));
  return { model: method, seed, detectors, sets };
}

/** Differences of all pairs, the later model first; none without resamples, which intervals and p values come from. */
function comparePairs(scored: readonly ModelScores[], resamples: number, seed: number): Difference[] {
  if (resamples === 0) return [];
  const pairs: Difference[] = [];
  scored.forEach((second, index) => {
    for (const first of scored.slice(index + 1))
      pairs.push(...compareModels(first, second, { resamples, seed, perSet: true }));
  });
  return pairs;
}

function reportScores(
  model: string,
  { name, group, confidence, labels, predictions, ids }: SetScores,
): ReportScores {
  return {
    model,
    set: name,
    group:
      group === "test" ? "id" : group === "validation" ? "id-validation" : group === "far" ? "far" : "near",
    confidences: Object.fromEntries(
      Object.entries(confidence).map(([id, values]) => [id, Float32Array.from(values)]),
    ),
    labels,
    predictions,
    ids,
  };
}

/** Every loss term of every training, from the event log; a resumed training continues its curve. */
function curvesOf(path: string): ReportCurves[] {
  const runs = new Map<string, Map<string, Map<number, number>>>();
  for (const { stage, kind, step, terms, total } of readEvents(path)) {
    if (kind !== "loss" || step === undefined || !terms) continue;
    const name = stage === "diffusion" ? (terms["kl"] === undefined ? "denoiser" : "auto-encoder") : stage;
    const curves = runs.get(name) ?? new Map<string, Map<number, number>>();
    runs.set(name, curves);
    for (const [term, value] of Object.entries(terms)) {
      const points = curves.get(term) ?? new Map<number, number>();
      curves.set(term, points);
      // A step told twice (after a restart) replaces what was told first and everything behind it.
      for (const known of points.keys())
        if (known >= step || known > (total ?? Infinity)) points.delete(known);
      points.set(step, value);
    }
  }
  return [...runs].map(([run, curves]) => ({
    run,
    terms: Object.fromEntries(
      [...curves].map(([term, points]) => [term, [...points].map(([step, value]) => ({ step, value }))]),
    ),
  }));
}

function thresholdOf(
  model: ModelScores,
  detector: string,
  value: number,
  target: number,
): ReportInput["thresholds"][number] {
  const accepted = (set: SetScores): number => {
    const values = Array.from(set.confidence[detector] ?? []);
    return values.filter((score) => score >= value).length / Math.max(1, values.length);
  };
  const test = model.sets.find(({ group }) => group === "test");
  return {
    model: model.model,
    detector,
    value,
    target,
    ...(test ? { idTestAccepted: accepted(test) } : {}),
    oodAccepted: Object.fromEntries(
      model.sets
        .filter(({ group }) => group === "near" || group === "far")
        .map((set) => [set.name, accepted(set)]),
    ),
  };
}

function auditOf(artifacts: ReportArtifacts): ReportInput["audit"] {
  const { teacher, teacherTest, boundary, diffusion, latents } = artifacts;
  const notes: Readonly<Record<string, string>> = {
    "latents: fakeShare":
      "share the teacher calls the embedding's class with more than 0.9: pictures that look in-distribution",
    "latents: sameClassShare": "share the teacher calls the embedding's class",
    "latents: meanConfidence": "mean largest teacher probability on decoded outliers",
    "latents: meanCosine":
      "mean cosine between a picture's teacher feature and the embedding it was made from",
    "latents: inlierSameClassShare":
      "sameClassShare of pictures made from ID embeddings: whether the model obeys its condition",
    "latents: changeByEmbedding": "mean pixel change, 0 to 1, when only the embedding changes",
    "latents: changeByNoise": "mean pixel change, 0 to 1, when only the start noise changes",
    "diffusion: psnr": "reconstruction of validation images by the auto-encoder, in dB; 24 are asked for",
    "teacher: trainSeconds": "seconds of the last, uninterrupted part of the training",
  };
  const shown = { teacher, "teacher:test": teacherTest, boundary, diffusion, latents };
  return Object.entries(shown).flatMap(([stage, artifact]) =>
    Object.entries(artifact?.manifest.metrics ?? {}).map(([name, value]) => {
      const note = notes[`${stage}: ${name}`];
      return { name: `${stage}: ${name}`, value, ...(note === undefined ? {} : { note }) };
    }),
  );
}
