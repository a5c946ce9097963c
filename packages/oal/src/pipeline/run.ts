/** The library's main call: prepares the data, plans what a target needs, makes it, and shows the results in the run folder. */
import { join, resolve } from "node:path";
import { engineOnDemand, stepBlock } from "../runtime/engines/index.js";
import { recipes } from "../training/recipes/index.js";
import { summarizeSeeds } from "oal-core";
import type { Artifact } from "./artifact.js";
import { choicesOf } from "./choices.js";
import { shareMachine, stagesAtOnce } from "./jobs.js";
import { checkMemory, dataSizes, memorySentence } from "./memoryCheck.js";
import { planRun } from "./plan/planner.js";
import { walkPlan, type StageWorkshop } from "./plan/walk.js";
import { needsOf } from "./foresight.js";
import { refuseOtherFolder } from "./otherFolder.js";
import { lookAhead, startAdvice, type Preflight } from "./preflight.js";
import { publish } from "./publish.js";
import { readRunManifest, RunFolder } from "./runFolder.js";
import type { RunOptions, RunResult } from "./runTypes.js";
import { seedsOf, studentsOf, type StudentInstance } from "./seeds.js";
import { prepareSettings } from "./settings.js";
import { evaluationName, readComparison } from "./stages/comparison.js";
import { readResult } from "./stages/evaluationArtifact.js";
import { stages } from "./stages/index.js";
import { reportFiles } from "./stages/report.js";
import { targetsOf } from "./targets.js";

/**
 * Runs the stages of a configuration in a run folder; what is in the store already is found, not made again.
 *
 * @returns the folder, the artifact folder of every stage, and, when reached, results and report
 * @throws OAL-C308 for a folder of something else; what `lookAhead` finds, before anything is made; every error of the catalogue that a stage can meet, after which what was
 *   finished before is kept
 * @example const { results } = await run({ config: loadConfiguration(), out: "runs/embedded" });
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const config = options.methods ? { ...options.config, methods: [...options.methods] } : options.config;
  for (const recipe of config.methods) recipes.find(recipe);
  const until = options.until ?? "report";
  // first of all: the folder is no matter of the data, which can take long to look at
  await refuseOtherFolder(resolve(options.out));
  const ahead = await lookAhead(config, until, options);
  const aim = { methods: config.methods, until };
  const noted = readRunManifest(options.out)?.current.memory;
  // Before there is a folder: a device that is not there leaves nothing behind, nor does memory that is too little.
  const { choice, jobs, sentence, warning } = await shareMachine(config);
  const memory = await checkMemory(config, aim, dataSizes(config, ahead), {
    force: options.force ?? false,
    atOnce: stagesAtOnce(jobs, config),
    models: ahead.models,
    block: () => stepBlock(choice),
    ...(noted ? { noted } : {}),
  });
  const folder = await RunFolder.open(options.out, config, options.onEvent);
  const { store, events, versions } = folder;
  const signal = options.signal ?? new AbortController().signal;
  try {
    if (memory) {
      events.stage("data").message(memorySentence(memory));
      await folder.noteMemory(memory);
    }
    if (sentence !== null) events.stage("data").message(sentence);
    const engine = engineOnDemand(choice);
    if (warning !== null) events.stage("data").warning(warning);
    return await runIn(folder, ahead, { store, events, versions, engine, signal, jobs }, until);
  } finally {
    folder.close();
  }
}

async function runIn(
  folder: RunFolder,
  ahead: Preflight,
  workshop: StageWorkshop,
  until: string,
): Promise<RunResult> {
  const config = folder.configuration;
  const measures = ["evaluation", "comparison", "report"].includes(until);
  const advice = startAdvice(config, needsOf(config, { methods: config.methods, until }));
  if (advice !== null) workshop.events.stage("data").message(advice);
  const artifacts: Record<string, string> = {};
  const settings = await prepareSettings(config, ahead, workshop, async (name, artifact) => {
    await folder.note(name, artifact);
    artifacts[name] = artifact.folder;
  });
  const plan = planRun(stages.all, settings, targetsOf(until, config));
  await folder.plan(Object.fromEntries(plan.stages.map(({ name, key }) => [name, key])));
  const made = await walkPlan(plan, workshop, ({ name }, artifact) => folder.note(name, artifact));
  for (const { name } of plan.stages) artifacts[name] = made.get(name)?.folder ?? "";
  const base: RunResult = { folder: folder.folder, artifacts };
  if (!measures) return base;
  const evaluations = new Map(
    studentsOf(config).flatMap((student): [StudentInstance, Artifact][] => {
      const artifact = made.get(evaluationName(student));
      return artifact ? [[student, artifact]] : [];
    }),
  );
  const comparison = made.get("comparison");
  const report = made.get("report");
  await publish(folder, { evaluations, comparison, report });
  const results = await Promise.all([...evaluations.values()].map((artifact) => readResult(artifact)));
  const teachers = [...made].flatMap(([name, { manifest }]) =>
    /^teacher:test(\.|$)/.test(name) ? [manifest.metrics["testAccuracy"] ?? NaN] : [],
  );
  return {
    ...base,
    results,
    seeds: seedsOf(config),
    choices: choicesOf(config, results),
    ...(teachers.length === 0 ? {} : { teacherAccuracy: summarizeSeeds(teachers).mean }),
    ...(comparison ? await readComparison(comparison) : {}),
    ...(report ? { reportPath: join(folder.folder, reportFiles.page) } : {}),
  };
}
