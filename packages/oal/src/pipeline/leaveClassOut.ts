/**
 * Every class in turn is the unknown one: a run without it for each, of the model with its head and of students that were trained from
 * it, and the paired difference of both over all classes. Runs lie in the folder, what they make in the store: started again, it
 * goes on.
 */
import { join } from "node:path";
import { oalError, suggest } from "oal-core";
import { leftOutName } from "../data/leaveOut.js";
import { throwProblems } from "../data/problems.js";
import { compareOverSeeds, type Difference } from "../evaluation/compare.js";
import type { EvaluationResult, ModelScores } from "../evaluation/result.js";
import { readScores, scoreFileName } from "../evaluation/scoreFiles.js";
import { fx } from "../training/recipes/fx.js";
import { head } from "../training/recipes/head.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import type { Configuration } from "./configuration/schema.js";
import { teacherModelOf } from "./configuration/initSection.js";
import { preflight } from "./preflight.js";
import { run } from "./run.js";
import type { RunOptions } from "./runTypes.js";
import { evaluationFiles } from "./stages/evaluationArtifact.js";

/** What to leave out, and where results go. */
export interface LeaveClassOutOptions extends Pick<
  RunOptions,
  "config" | "out" | "force" | "onEvent" | "signal"
> {
  /** Names of the classes to leave out. Default: all. */
  readonly classes?: readonly string[];
}

/** What was measured without one class. */
export interface LeftOutClass {
  readonly name: string;
  /** The run folder. */
  readonly folder: string;
  /** Pictures of the class, all of them unknown. */
  readonly unknown: number;
  readonly models: readonly {
    readonly model: string;
    /** Of the other classes, fraction. */
    readonly accuracy: number;
    /** Known test pictures against those of the class, by detector, fractions. */
    readonly auroc: Readonly<Record<string, number>>;
  }[];
}

/** A student against the head, over all classes. */
export type LeaveClassOutDifference = Pick<
  Difference,
  "first" | "second" | "detector" | "difference" | "interval" | "p"
>;

/** What was found. */
export interface LeaveClassOutResult {
  readonly folder: string;
  readonly classes: readonly LeftOutClass[];
  /** Of AUROC, the mean over classes, with 95 % intervals over classes and pictures. */
  readonly differences: readonly LeaveClassOutDifference[];
  /** What follows from it, one sentence per student. */
  readonly verdicts: readonly string[];
}

/** File of the result. */
const resultFile = "leave-class-out.json";

/**
 * Leaves every class out in turn.
 *
 * @throws OAL-C202 for a class that is not there, or a configuration without a model to start from; whatever `run` throws, after which
 *   the same call goes on
 */
export async function leaveClassOut(options: LeaveClassOutOptions): Promise<LeaveClassOutResult> {
  const { out, onEvent, signal, force } = options;
  const config = settledConfiguration(options.config);
  const names = await classesOf(config, options.classes);
  const found: { readonly left: LeftOutClass; readonly scores: readonly ModelScores[] }[] = [];
  for (const [done, name] of names.entries()) {
    onEvent?.({
      time: Date.now(),
      stage: "classes",
      kind: "progress",
      step: done,
      total: names.length,
      text: `without ${name}`,
    });
    const folder = join(out, encodeURIComponent(name));
    const own = { ...config, data: { ...config.data, leaveOut: name } };
    const { results = [], artifacts } = await run({
      config: own,
      out: folder,
      until: "evaluation",
      ...(force === undefined ? {} : { force }),
      ...(onEvent ? { onEvent } : {}),
      ...(signal ? { signal } : {}),
    });
    found.push({
      left: leftOutOf(name, folder, results),
      scores: await Promise.all(
        results.map((result) => scoresOf(result, artifacts[`evaluation:${result.model}`] ?? "")),
      ),
    });
  }
  const differences = differencesOf(
    found.map(({ scores }) => scores),
    names,
    config,
  );
  const result: LeaveClassOutResult = {
    folder: out,
    classes: found.map(({ left }) => left),
    differences,
    verdicts: differences
      .filter(({ detector }) => detector === config.evaluation.scoreDetector)
      .map((each) => verdictOf(each, names.length)),
  };
  await writeFileWhole(join(out, resultFile), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** The head first, and the same model as a teacher where a recipe makes outliers of its features. */
function settledConfiguration(config: Configuration): Configuration {
  const { init, methods, teacher } = config;
  const refuse = (at: string, problem: string): never => {
    throw oalError("OAL-C202", { at, where: "oal leave-class-out", problem });
  };
  if (init.model === undefined)
    refuse("init.model", "head and students start from one pretrained model: give it with --init MODEL");
  if (config.data.source === "embedded")
    refuse("data.source", "classes are left out of pictures of your own: give --data FOLDER");
  if (config.seeds !== undefined || config.studentSeeds !== undefined)
    refuse("seeds", "one seed a call: give --seed, and another --out for another seed");
  const students = methods.filter((method) => method !== head.id);
  const needsTeacher = students.includes(fx.id) && teacherModelOf(config) === undefined;
  return {
    ...config,
    methods: [head.id, ...(students.length === 0 ? [fx.id] : students)],
    data: { ...config.data, ood: [] },
    ...(needsTeacher || students.length === 0 ? { teacher: { ...teacher, model: init.model } } : {}),
  };
}

async function classesOf(config: Configuration, asked?: readonly string[]): Promise<readonly string[]> {
  const { sets, problems } = await preflight(config, { methods: config.methods, until: "evaluation" });
  throwProblems([...problems], config.data.source);
  return classesToLeaveOut(sets.find(({ role }) => role === "train")?.source.classNames ?? [], asked);
}

/** The classes that are asked for, each once; without any, all that are known. @throws OAL-C202 */
export function classesToLeaveOut(known: readonly string[], asked?: readonly string[]): readonly string[] {
  const refuse = (problem: string): never => {
    throw oalError("OAL-C202", { at: "--classes", where: "oal leave-class-out", problem });
  };
  if (known.length < 3)
    refuse(`of ${known.length} classes none can be left out: two must stay to be told apart`);
  for (const name of asked ?? []) {
    if (known.includes(name)) continue;
    const near = suggest(name, known);
    refuse(
      `there is no class "${name}"${near === undefined ? `, only ${known.join(", ")}` : `, did you mean "${near}"?`}`,
    );
  }
  return asked === undefined ? known : [...new Set(asked)];
}

function leftOutOf(name: string, folder: string, results: readonly EvaluationResult[]): LeftOutClass {
  const setOf = ({ detectors }: EvaluationResult, id: string) =>
    detectors.find((each) => each.id === id)?.sets.find((set) => set.name === leftOutName);
  const [first] = results;
  return {
    name,
    folder,
    unknown: (first && setOf(first, first.detectors[0]?.id ?? "")?.count) ?? 0,
    models: results.map((result) => ({
      model: result.model,
      accuracy: result.idAccuracy,
      auroc: Object.fromEntries(
        result.detectors.map(({ id }) => [id, setOf(result, id)?.metrics.auroc ?? Number.NaN]),
      ),
    })),
  };
}

async function scoresOf({ model, detectors }: EvaluationResult, artifact: string): Promise<ModelScores> {
  const read = (name: string, group: "test" | "near") =>
    readScores(join(artifact, evaluationFiles.scores, scoreFileName(model, name)), name, group);
  const sets = [await read("id", "test"), await read(leftOutName, "near")];
  return { model, seed: 0, detectors: detectors.map(({ id }) => id), sets };
}

/** Every student against the head: classes are to the interval what seeds are elsewhere, each with its own pictures. */
function differencesOf(
  byClass: readonly (readonly ModelScores[])[],
  images: readonly string[],
  config: Configuration,
): LeaveClassOutDifference[] {
  const numbered = (model: string): ModelScores[] =>
    byClass.flatMap((scores, seed) =>
      scores.filter((each) => each.model === model).map((each) => ({ ...each, seed })),
    );
  const { bootstrap } = config.evaluation;
  const options = { metrics: ["auroc"] as const, images, ...(bootstrap > 0 ? { resamples: bootstrap } : {}) };
  return config.methods
    .filter((method) => method !== head.id)
    .flatMap((method) => compareOverSeeds(numbered(method), numbered(head.id), options))
    .filter(({ on }) => on === "near")
    .map(({ first, second, detector, difference, interval, p }) => ({
      first,
      second,
      detector,
      difference,
      interval,
      p,
    }));
}

/** What follows for whoever wonders whether to train. */
function verdictOf(
  { first, detector, difference, interval }: LeaveClassOutDifference,
  classes: number,
): string {
  const points = (value: number): string => (100 * value).toFixed(2);
  const [low, high] = interval;
  const measured = `${first} - head: ${points(difference)} points of AUROC [${points(low)}, ${points(high)}] (${detector}, the mean over ${classes} left-out classes)`;
  if (low > 0) return `${measured}: the interval lies above zero, training from the model is better here`;
  if (high < 0)
    return `${measured}: the interval lies below zero, training makes it worse here; oal fit is the advice`;
  return `${measured}: the interval does not exclude zero, so that training is not shown to help; oal fit MODEL --id FOLDER stays the advice`;
}
