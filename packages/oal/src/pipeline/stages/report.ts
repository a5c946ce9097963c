/** Stage "report": gathers what the artifacts hold and writes one HTML page. */
import { basename, join } from "node:path";
import type { Decision } from "oal-core";
import type { ModelScores, SetScores } from "../../evaluation/result.js";
import type { ReportCurves, ReportInput, ReportScores } from "../../report/input.js";
import type { Artifact } from "../artifact.js";
import { choicesOf } from "../choices.js";
import type { Configuration } from "../configuration/schema.js";
import { decidingMethod } from "../deciding.js";
import { computedOn } from "../engineFacts.js";
import { hardware } from "../hardware.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { leadingTo, ofEverySeed, type SeedInstance } from "../plan/stages.js";
import { readStageLog, type StageLog } from "../plan/stageLog.js";
import { firstSeed, seedsOf } from "../seeds.js";
import { versions } from "../versions.js";
import { readComparison, readEvaluations } from "./comparison.js";
import { featuresOf, mistakesOf, sheets } from "./reportPictures.js";

/** Files of a report artifact; all of them are copied into the run folder. */
export const reportFiles = { page: "report.html" } as const;

/**
 * Instances whose seconds and warnings a report shows: all that lead to the students' evaluations, the teacher's own, and the
 * comparison. Of the first seed figures and curves are shown too.
 */
function shownStages(config: Configuration): readonly SeedInstance[] {
  const before = leadingTo(config, ["evaluation"]);
  const names = before.includes("teacher") ? leadingTo(config, ["evaluation", "teacher:test"]) : before;
  return [...ofEverySeed(config, names), { name: "comparison", isFirst: false }];
}

/** One HTML page. */
export const reportStage: Stage = {
  id: "report",
  version: 4,
  title: "the page",
  seeds: "once",
  variants: () => [""],
  // A report shows the whole configuration, pictures of every set, and what was left out.
  slice: ({ config, data }) => ({ config, leftOut: data.leftOut }),
  inputs: (config) => Object.fromEntries(shownStages(config).map(({ name }) => [name, name])),
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
    const { folder, events } = job;
    const input = await reportInput(job);
    events.progress(1, 2, { text: "page" });
    // Charts are loaded only by who makes a report.
    const { writeReport } = await import("../../report/write.js");
    await writeReport(input, join(folder, reportFiles.page));
    events.progress(2, 2, { text: "page" });
  },
};

async function reportInput(job: StageJob): Promise<ReportInput> {
  const { config, data, events } = job;
  const { results, models } = await readEvaluations(job);
  const { differences, overSeeds } = await readComparison(job.input("comparison"));
  events.progress(0, 2, { text: "pictures" });
  // Image by image the report shows the first seed.
  const scored = models.flatMap((seeds) => seeds.slice(0, 1));
  const first = results.slice(0, config.methods.length);
  const shown = shownStages(config).map((stage) => ({ ...stage, artifact: job.input(stage.name) }));
  const logs = await Promise.all(
    shown.map(async (stage) => ({ ...stage, log: await readStageLog(stage.artifact) })),
  );
  const chosen = decidingMethod(config.methods);
  const detector = config.evaluation.scoreDetector;
  const chosenScores = scored.find(({ model }) => model === chosen);
  const threshold = first.find(({ model }) => model === chosen)?.detectors.find(({ id }) => id === detector)
    ?.decision?.cuts.unknown;
  const wrong =
    chosenScores && threshold !== undefined
      ? await mistakesOf(chosenScores, detector, threshold, data)
      : undefined;
  const warnings = [{ name: "data", log: await readStageLog(data.artifact) }, ...logs].flatMap(
    ({ name, log }) => log.warnings.map((text) => `${name}: ${text}`),
  );
  return {
    title: `Outlier-aware learning on ${dataTitle(config)}`,
    summary: `Preset ${config.preset}: ${data.classNames.length} known classes, ${data.train.set.count} training images. Every student has the same network, data order and number of steps.`,
    configuration: config,
    environment: {
      versions: { ...versions() },
      hardware: { ...hardware(), ...computedOn(shown.map(({ name, artifact }) => [name, artifact])) },
      seconds: Object.fromEntries(shown.map(({ name, artifact }) => [name, artifact.manifest.seconds])),
      command: ["oal", ...process.argv.slice(2)].join(" "),
      finished: new Date().toISOString(),
    },
    classNames: data.classNames,
    headline: { detector, reason: "the detector the run was configured to decide with" },
    seeds: seedsOf(config),
    results: results.map((result) => ({
      ...result,
      detectors: result.detectors.map(({ near, far, nullTest, ...each }) => ({
        ...each,
        ...(near ? { near } : {}),
        ...(far ? { far } : {}),
        ...(nullTest ? { nullTest } : {}),
      })),
    })),
    overSeeds,
    comparisons: differences.map(({ first: one, second: other, on, ...rest }) => ({
      ...rest,
      set: on,
      models: [one, other] as const,
    })),
    scores: scored.flatMap((model) => model.sets.map((set) => reportScores(model.model, set))),
    curves: curvesOf(logs.filter(({ isFirst }) => isFirst)),
    samples: await sheets(data, { latents: job.optionalInput("latents") }),
    featureModel: chosen,
    features: await featuresOf(job.input(`evaluation:${chosen}`), data),
    mistakes: wrong?.mistakes ?? [],
    mistakesOf: wrong?.counts,
    leftOut: data.leftOut,
    thresholds: first.flatMap((result) => {
      const found = result.detectors.find(({ id }) => id === detector);
      const model = scored.find((one) => one.model === result.model);
      return found?.decision && model ? [thresholdOf(model, found.decision)] : [];
    }),
    audit: auditOf(shown.filter(({ isFirst }) => isFirst)),
    choices: choicesOf(config, results),
    warnings: [...new Set(warnings)],
    seed: firstSeed(config),
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
function curvesOf(logs: readonly { readonly name: string; readonly log: StageLog }[]): ReportCurves[] {
  return logs.flatMap(({ name, log: { curves } }) =>
    Object.entries(curves).map(([training, terms]) => ({
      run: Object.keys(curves).length === 1 ? name : training,
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
function auditOf(
  shown: readonly { readonly name: string; readonly artifact: Artifact }[],
): ReportInput["audit"] {
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
    .filter(({ name: stage }) => audited.includes(stage))
    .flatMap(({ name: stage, artifact: { manifest } }) =>
      Object.entries(manifest.metrics).map(([name, value]) => {
        const note = notes[`${stage}: ${name}`];
        return { name: `${stage}: ${name}`, value, ...(note === undefined ? {} : { note }) };
      }),
    );
}
