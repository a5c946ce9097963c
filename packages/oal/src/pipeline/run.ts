/** The library's main call: all stages in order, up to the one asked for. */
import { existsSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EvaluationResult } from "../evaluation/result.js";
import { withThreads } from "../runtime/threads.js";
import type { Artifact } from "./artifact.js";
import { needsOf, type Aim } from "./foresight.js";
import { checkMemory, dataSizes, memorySentence } from "./memoryCheck.js";
import { planWarnings, refuseEarly, type Preflight } from "./preflight.js";
import { prepareOptions } from "./readSets.js";
import { RunFolder } from "./runFolder.js";
import { stageNames, type RunOptions, type RunResult, type StageName } from "./runTypes.js";
import { boundaryStage } from "./stages/boundary.js";
import type { StageContext } from "./stages/context.js";
import { dataStage } from "./stages/data.js";
import { diffusionStage } from "./stages/diffusion.js";
import { embeddingsStage } from "./stages/embeddings.js";
import { evaluationFiles, evaluationStage, readResult } from "./stages/evaluation.js";
import { latentsStage } from "./stages/latents.js";
import { studentStage } from "./stages/students.js";
import { teacherStage, teacherTestStage } from "./stages/teacher.js";
import { writeError } from "./systemError.js";

/**
 * Runs the stages of a configuration in a run folder; what is there already is found, not made again.
 *
 * @returns the folder, the artifact folder of every stage, and, when reached, results and report
 * @throws what `refuseEarly` finds, before anything is made; every error of the catalogue that a stage can meet, after which what was
 *   finished before is kept
 * @example const { results } = await run({ config: loadConfiguration(), out: "runs/embedded" });
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const aim = { methods: options.methods ?? options.config.methods, until: options.until ?? "report" };
  const ahead = await refuseEarly(options.config, aim, {
    cache: prepareOptions(options.config),
    onOpen: (name, step, total) => {
      options.signal?.throwIfAborted();
      const text = `looking at ${name}`;
      options.onEvent?.({ time: Date.now(), stage: "data", kind: "progress", step, total, text });
    },
  });
  const memory = checkMemory(options.config, aim, dataSizes(options.config, ahead), {
    force: options.force ?? false,
  });
  const folder = await RunFolder.open(options.out, options.config, options.onEvent);
  try {
    if (memory) {
      folder.events.stage("data").message(memorySentence(memory));
      await folder.noteMemory(memory);
    }
    const signal = options.signal ?? new AbortController().signal;
    return await withThreads(options.config.threads, () =>
      stages({ run: folder, config: options.config, signal }, ahead, aim),
    );
  } finally {
    await folder.close();
  }
}

async function stages(context: StageContext, ahead: Preflight, aim: Aim): Promise<RunResult> {
  const { run: folder } = context;
  const { methods, until } = aim;
  const needs = needsOf(aim);
  const artifacts: Record<string, string> = {};
  const reached = (stage: StageName): boolean => stageNames.indexOf(stage) <= stageNames.indexOf(until);
  const note = (name: string, artifact: Artifact): Artifact => {
    artifacts[name] = artifact.folder;
    return artifact;
  };
  const done = (more: Omit<RunResult, "folder" | "artifacts"> = {}): RunResult => ({
    folder: folder.folder,
    artifacts,
    ...more,
  });

  if (reached("evaluation"))
    for (const text of planWarnings(context.config)) folder.events.stage("data").warning(text);
  const data = await dataStage(context, ahead);
  note("data", data.artifact);
  if (!reached("teacher")) return done();
  const teacher = needs.teacher ? note("teacher", await teacherStage(context, data)) : undefined;
  if (!reached("embeddings")) return done();
  const embeddings = teacher ? note("embeddings", await embeddingsStage(context, data, teacher)) : undefined;
  if (!reached("boundary")) return done();
  const boundary =
    needs.outliers && embeddings
      ? note("boundary", await boundaryStage(context, data, embeddings))
      : undefined;
  if (!reached("diffusion")) return done();
  const diffusion =
    boundary && embeddings ? note("diffusion", await diffusionStage(context, data, embeddings)) : undefined;
  if (!reached("latents")) return done();
  const latents =
    teacher && embeddings && boundary && diffusion
      ? note("latents", await latentsStage(context, data, { teacher, embeddings, boundary, diffusion }))
      : undefined;
  if (!reached("student")) return done();
  const students = new Map<(typeof methods)[number], Artifact>();
  for (const method of methods) {
    const given = { teacher, embeddings, boundary, latents };
    students.set(method, note(`student:${method}`, await studentStage(context, data, method, given)));
  }
  if (!reached("evaluation")) return done();
  const evaluations = new Map<string, Artifact>();
  for (const [method, student] of students) {
    evaluations.set(
      method,
      note(`evaluation:${method}`, await evaluationStage(context, data, method, student, latents)),
    );
  }
  await publishModels(folder.folder, evaluations);
  const teacherTest = teacher
    ? note("teacher:test", await teacherTestStage(context, data, teacher))
    : undefined;
  const teacherAccuracy = teacherTest?.manifest.metrics["testAccuracy"];
  const teacherFigure = teacherAccuracy === undefined ? {} : { teacherAccuracy };
  if (!reached("report")) {
    const results: EvaluationResult[] = [];
    for (const artifact of evaluations.values()) {
      const result = await readResult(artifact);
      if (result) results.push(result);
    }
    return done({ results, ...teacherFigure });
  }
  // Charts are loaded only by who wants a report.
  const { reportStage } = await import("./stages/report.js");
  const report = await reportStage(context, data, {
    evaluations,
    teacher,
    teacherTest,
    boundary,
    diffusion,
    latents,
  });
  const { results, differences, path } = report;
  return done({ results, differences, reportPath: path, ...teacherFigure });
}

/** Puts every evaluated model where `oal score` finds it: models/<method> of the run folder. */
async function publishModels(folder: string, evaluations: ReadonlyMap<string, Artifact>): Promise<void> {
  for (const [method, artifact] of evaluations) {
    const source = join(artifact.folder, evaluationFiles.model);
    if (!existsSync(source)) continue;
    const target = join(folder, "models", method);
    const aside = `${target}.partial`;
    try {
      await rm(aside, { recursive: true, force: true });
      await cp(source, aside, { recursive: true });
      await rm(target, { recursive: true, force: true });
      await rename(aside, target);
    } catch (error) {
      throw writeError(target, error);
    }
  }
}
