/** Stage "report": gathers what the artifacts hold and writes one HTML page and the tables as CSV and JSON. */
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Decision } from "oal-core";
import { compareModels, type Difference } from "../../evaluation/compare.js";
import type { EvaluationResult, ModelScores, SetScores } from "../../evaluation/result.js";
import { readScores, scoreFileName } from "../../evaluation/scoreFiles.js";
import { resultCsv, resultJson } from "../../evaluation/tables.js";
import type { ReportCurves, ReportInput, ReportScores } from "../../report/input.js";
import type { Artifact } from "../artifact.js";
import { choicesOf } from "../choices.js";
import type { Configuration } from "../configuration/schema.js";
import { decidingMethod } from "../deciding.js";
import { computedOn } from "../engineFacts.js";
import { hardware } from "../hardware.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { leadingTo } from "../plan/stages.js";
import { readStageLog, type StageLog } from "../plan/stageLog.js";
import { versions } from "../versions.js";
import type { PreparedData } from "./data.js";
import { evaluationFiles, readResult } from "./evaluationArtifact.js";
import { featuresOf, mistakesOf, sheets } from "./reportPictures.js";

/** Files of a report artifact; all of them are copied into the run folder. */
export const reportFiles = {
  page: "report.html",
  table: "results.csv",
  results: "results.json",
  differences: "differences.json",
} as const;

/** Instances whose figures and curves a report shows: all that lead to the students' evaluations, and the teacher's own. */
function shownStages(config: Configuration): readonly string[] {
  const before = leadingTo(config, ["evaluation"]);
  return before.includes("teacher") ? leadingTo(config, ["evaluation", "teacher:test"]) : before;
}

/** One HTML page, and the tables as CSV and JSON. */
export const reportStage: Stage = {
  id: "report",
  version: 3,
  title: "the page, tables and differences",
  variants: () => [""],
  // A report shows the whole configuration, pictures of every set, and what was left out.
  slice: ({ config, data }) => ({ config, leftOut: data.leftOut }),
  inputs: (config) => Object.fromEntries(shownStages(config).map((name) => [name, name])),
  sets: ({ train, test, ood }) => ({
    train: train.set,
    test: test.set,
    ...Object.fromEntries(ood.map(({ name, set }) => [`ood-${name}`, set])),
  }),
  effort: ({ config, data }) => ({
    unit: config.evaluation,
    amount: config.methods.length * data.ood.reduce((sum, { set }) => sum + set.count, data.test.set.count),
  }),
  async run(job) {
    const { config, data, folder, events } = job;
    const results: EvaluationResult[] = [];
    const scored: ModelScores[] = [];
    for (const method of config.methods) {
      const artifact = job.input(`evaluation:${method}`);
      const result = await readResult(artifact);
      results.push(result);
      // a detector that could not be fitted (too few images) was left out of the evaluation
      const measured = result.detectors.map(({ id }) => id);
      scored.push(await readModelScores(method, config.seed, measured, artifact, data));
    }
    events.progress(1, 4, { text: "paired differences" });
    const comparisons = comparePairs(scored, config.evaluation.bootstrap, config.seed);
    events.progress(2, 4, { text: "pictures" });
    const input = await reportInput(job, results, scored, comparisons);
    events.progress(3, 4, { text: "page" });
    // Charts are loaded only by who makes a report.
    const { writeReport } = await import("../../report/write.js");
    await writeReport(input, join(folder, reportFiles.page));
    await writeFile(join(folder, reportFiles.table), resultCsv(results));
    await writeFile(
      join(folder, reportFiles.results),
      resultJson(results, { choices: choicesOf(config, results) }),
    );
    await writeFile(join(folder, reportFiles.differences), JSON.stringify(comparisons, null, 2));
    events.progress(4, 4, { text: "page" });
  },
};

async function reportInput(
  job: StageJob,
  results: readonly EvaluationResult[],
  scored: readonly ModelScores[],
  comparisons: readonly Difference[],
): Promise<ReportInput> {
  const { config, data } = job;
  const shown = shownStages(config).map((name) => [name, job.input(name)] as const);
  const logs = await Promise.all(
    shown.map(async ([name, artifact]) => [name, await readStageLog(artifact)] as const),
  );
  const chosen = decidingMethod(config.methods);
  const detector = config.evaluation.scoreDetector;
  const chosenScores = scored.find(({ model }) => model === chosen);
  const threshold = results.find(({ model }) => model === chosen)?.detectors.find(({ id }) => id === detector)
    ?.decision?.cuts.unknown;
  const wrong =
    chosenScores && threshold !== undefined
      ? await mistakesOf(chosenScores, detector, threshold, data)
      : undefined;
  const warnings = [["data", await readStageLog(data.artifact)] as const, ...logs].flatMap(([name, log]) =>
    log.warnings.map((text) => `${name}: ${text}`),
  );
  return {
    title: `Outlier-aware learning on ${dataTitle(config)}`,
    summary: `Preset ${config.preset}: ${data.classNames.length} known classes, ${data.train.set.count} training images. Every student has the same network, data order and number of steps.`,
    configuration: config,
    environment: {
      versions: { ...versions() },
      hardware: { ...hardware(), ...computedOn(shown) },
      seconds: Object.fromEntries(shown.map(([name, { manifest }]) => [name, manifest.seconds])),
      command: ["oal", ...process.argv.slice(2)].join(" "),
      finished: new Date().toISOString(),
    },
    classNames: data.classNames,
    headline: { detector, reason: "the detector the run was configured to decide with" },
    results: results.map((result) => ({
      ...result,
      detectors: result.detectors.map(({ near, far, nullTest, ...each }) => ({
        ...each,
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
    curves: curvesOf(logs),
    samples: await sheets(data, { latents: job.optionalInput("latents") }),
    featureModel: chosen,
    features: await featuresOf(job.input(`evaluation:${chosen}`), data),
    mistakes: wrong?.mistakes ?? [],
    mistakesOf: wrong?.counts,
    leftOut: data.leftOut,
    thresholds: results.flatMap((result) => {
      const found = result.detectors.find(({ id }) => id === detector);
      const model = scored.find((one) => one.model === result.model);
      return found?.decision && model ? [thresholdOf(model, found.decision)] : [];
    }),
    audit: auditOf(shown),
    choices: choicesOf(config, results),
    warnings: [...new Set(warnings)],
    seed: config.seed,
  };
}

/** What the data of a configuration are called: the drawn digits, or the name of the user's folder, archive or list. */
export function dataTitle({ data }: Pick<Configuration, "data">): string {
  if (data.source === "embedded") return "drawn digits";
  const { list, path = ".", split } = data.id ?? {};
  const place = list ?? (path === "." ? data.source : path);
  const name = basename(place).replace(/\.(tar|tar\.gz|tgz|zip|txt)$/i, "");
  return split === undefined ? name : `${name}, ${split}`;
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

/** Every loss term of every training. */
function curvesOf(logs: readonly (readonly [string, StageLog])[]): ReportCurves[] {
  return logs.flatMap(([stage, { curves }]) =>
    Object.entries(curves).map(([training, terms]) => ({
      run: Object.keys(curves).length === 1 ? stage : training,
      terms: Object.fromEntries(
        Object.entries(terms).map(([term, points]) => [
          term,
          points.map(([step, value]) => ({ step, value })),
        ]),
      ),
    })),
  );
}

function thresholdOf(
  model: ModelScores,
  { detector, target, cuts }: Decision,
): ReportInput["thresholds"][number] {
  const value = cuts.unknown;
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

/** Figures of the stages before the students. */
function auditOf(shown: readonly (readonly [string, Artifact])[]): ReportInput["audit"] {
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
  const audited = ["teacher", "teacher:test", "boundary", "diffusion", "latents"];
  return shown
    .filter(([stage]) => audited.includes(stage))
    .flatMap(([stage, { manifest }]) =>
      Object.entries(manifest.metrics).map(([name, value]) => {
        const note = notes[`${stage}: ${name}`];
        return { name: `${stage}: ${name}`, value, ...(note === undefined ? {} : { note }) };
      }),
    );
}
