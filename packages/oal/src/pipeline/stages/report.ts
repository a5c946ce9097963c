/** Stage "report": gathers what the artifacts hold and writes one HTML page. */
import { join } from "node:path";
import { outlierSources } from "../../outliers/sources/index.js";
import { auditStageOf } from "../../outliers/sources/plan.js";
import { commandLine } from "../../runtime/commandLine.js";
import type { ReportInput } from "../../report/input.js";
import { reportSections } from "../../report/sectionRegistry.js";
import type { Configuration } from "../configuration/schema.js";
import { computedOn } from "../engineFacts.js";
import { hardware } from "../hardware.js";
import type { Stage, StageJob } from "../plan/stage.js";
import { leadingTo, ofEverySeed, type SeedInstance } from "../plan/stages.js";
import { readStageLog } from "../plan/stageLog.js";
import { resultSettings } from "../resultSettings.js";
import { auditOf, curvesOf, measuredInput, reportSummary } from "../reportParts.js";
import { versions } from "../versions.js";
import { readComparison, readEvaluations } from "./comparison.js";
import { readAudit } from "./outlierAudit.js";
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
  version: 7,
  title: "the page",
  seeds: "once",
  variants: () => [""],
  // A report shows all that decides results, pictures of every set, and what was left out; threads and device are those that made it.
  slice: ({ config, data }) => ({
    config: resultSettings(config),
    leftOut: data.leftOut,
    sections: reportSections.all.map(({ id, version = 1 }) => ({ id, version })),
  }),
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
  const comparison = await readComparison(job.input("comparison"));
  events.progress(0, 2, { text: "pictures" });
  // Image by image the report shows the first seed.
  const scored = models.flatMap((seeds) => seeds.slice(0, 1));
  const shown = shownStages(config).map((stage) => ({ ...stage, artifact: job.input(stage.name) }));
  const logs = await Promise.all(
    shown.map(async (stage) => ({ ...stage, log: await readStageLog(stage.artifact) })),
  );
  const measured = measuredInput(config, { results, scored, ...comparison });
  const decides = measured.featureModel;
  const deciding = scored.find(({ model }) => model === decides);
  const decision = results
    .find(({ model }) => model === decides)
    ?.detectors.find(({ id }) => id === config.evaluation.scoreDetector)?.decision;
  const wrong = deciding && decision ? await mistakesOf(deciding, decision, data) : undefined;
  const first = shown.filter(({ isFirst }) => isFirst);
  const audits = await Promise.all(
    first
      .filter(({ name }) => name.startsWith(auditStageOf("")))
      .map(async ({ artifact }) => ({ audit: await readAudit(artifact, config.audit), artifact })),
  );
  const warnings = [
    ...[{ name: "data", log: await readStageLog(data.artifact) }, ...logs].flatMap(({ name, log }) =>
      log.warnings.map((text) => `${name}: ${text}`),
    ),
    ...audits.flatMap(({ audit: { source, fault } }) =>
      fault === null ? [] : [`outlier source ${source} fails its audit: ${fault}`],
    ),
  ];
  return {
    ...measured,
    summary: reportSummary(config, data.classNames.length, data.train.set.count),
    environment: {
      versions: { ...versions() },
      hardware: { ...hardware(), ...computedOn(shown.map(({ name, artifact }) => [name, artifact])) },
      seconds: Object.fromEntries(shown.map(({ name, artifact }) => [name, artifact.manifest.seconds])),
      command: commandLine(),
      finished: new Date().toISOString(),
    },
    classNames: data.classNames,
    curves: curvesOf(logs.filter(({ isFirst }) => isFirst)),
    samples: await sheets(data, { latents: job.optionalInput("latents"), audits }),
    ...(audits.length === 0
      ? {}
      : {
          outlierSources: audits.map(({ audit }) => ({
            ...audit,
            title: outlierSources.find(audit.source).title,
          })),
        }),
    features: await featuresOf(job.input(`evaluation:${decides}`), data),
    mistakes: wrong?.mistakes ?? [],
    mistakesOf: wrong?.counts,
    leftOut: data.leftOut,
    audit: auditOf(first.map(({ name, artifact }) => ({ name, metrics: artifact.manifest.metrics }))),
    warnings: [...new Set(warnings)],
  };
}
