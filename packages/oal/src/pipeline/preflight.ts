/**
 * The look ahead before a run: everything that can be known of configuration and data before an image is decoded or a step is trained.
 * `oal run` refuses by it, `oal data inspect` prints it.
 */
import { oalError, suggest, type OalError } from "oal-core";
import { digitNames } from "../data/embedded/digits.js";
import { throwProblems } from "../data/problems.js";
import type { Configuration } from "./configuration/schema.js";
import { planData, surveyData, type DataPlan, type SurveyedSet } from "./dataPlan.js";
import { configurationProblems, needsOf, type Aim, type Needs } from "./foresight.js";
import { restProblem } from "./drawnOutliers.js";
import { trainingImages } from "./memoryCheck.js";
import { conditionWidth, teacherWidth } from "./memory/networks.js";
import { outlierSpaceProblems } from "./outlierSpace.js";
import { suppliedProblems } from "./suppliedProblems.js";
import { openModels, wantedModels, type RunModels } from "./models.js";
import { checkTargets } from "./plan/stages.js";
import { promptProblems } from "./prompts.js";
import { prepareOptions } from "./readSets.js";
import type { RunOptions } from "./runTypes.js";
import { targetsOf } from "./targets.js";

/** What was found. */
export interface Preflight {
  readonly plan: DataPlan;
  readonly sets: readonly SurveyedSet[];
  /** Models of others that the run takes. */
  readonly models: RunModels;
  /** What a run would refuse; empty when it would start. */
  readonly problems: readonly OalError[];
}

/** How to look. */
export interface PreflightOptions {
  /** Whether decoded sets that lie in the cache already save reading their sources. Default false. */
  readonly cached?: boolean;
  /** Whether sets of the test are looked at too; false where settings are chosen. Default true. */
  readonly withTest?: boolean;
  /** Called before a source is opened. */
  readonly onOpen?: (name: string, done: number, total: number) => void;
}

/** What keeps a class from being left out. */
function leaveOutProblems(left: string, names: readonly string[]): OalError[] {
  const near = suggest(left, names);
  const problem = !names.includes(left)
    ? `there is no class "${left}"${near === undefined ? `, only ${names.join(", ")}` : `, did you mean "${near}"?`}`
    : names.length < 3
      ? "two classes must be left to tell apart"
      : null;
  return problem === null
    ? []
    : [oalError("OAL-C202", { at: "data.leaveOut", where: "configuration", problem })];
}

/** What a pretrained model would bring to a run on a user's pictures that starts from nothing; null where that does not apply. */
export function startAdvice(
  { data, init }: Configuration,
  { student }: Pick<Needs, "student">,
): string | null {
  const isFolder = data.source !== "embedded" && data.id?.list === undefined;
  if (!student || !isFolder || init.model !== undefined) return null;
  return "students start from random weights; from a pretrained model (any ONNX classifier: --init MODEL, or without training oal fit MODEL --id FOLDER) a few hundred photos give far more, as docs/training-from-a-model.md shows";
}

/** Looks at configuration and data, and gathers every problem. */
export async function preflight(
  config: Configuration,
  aim: Aim,
  options: PreflightOptions = {},
): Promise<Preflight> {
  const problems: OalError[] = [];
  const models = await openModels(wantedModels(config, needsOf(config, aim)), problems);
  const { onOpen, cached = false, withTest = true } = options;
  const plan = await planData(config, problems, withTest);
  const sets = await surveyData(plan, problems, {
    ...(onOpen ? { onOpen } : {}),
    ...(cached ? { cache: prepareOptions(config, models.init) } : {}),
  });
  const { own, fitting } = problemsWith(config, aim, { plan, sets, models });
  return { plan, sets, models, problems: [...own, ...problems, ...fitting] };
}

/**
 * What a run would refuse of data and models that are opened already; nothing is read.
 *
 * @returns problems of the configuration itself, and those of what does not fit data or models
 */
export function problemsWith(
  config: Configuration,
  aim: Aim,
  { plan, sets, models }: Pick<Preflight, "plan" | "sets" | "models">,
): { readonly own: readonly OalError[]; readonly fitting: readonly OalError[] } {
  const fitting: OalError[] = [];
  const needs = needsOf(config, aim);
  const names = sets.find(({ role }) => role === "train")?.source.classNames;
  const left = config.data.leaveOut;
  if (left !== undefined && names !== undefined) fitting.push(...leaveOutProblems(left, names));
  const known = config.data.source === "embedded" ? digitNames : names;
  if (models.diffusion && known !== undefined)
    fitting.push(
      ...promptProblems(config, models.diffusion, known, teacherWidth(config, models, known.length)),
    );
  if (needs.student) {
    const width = (): number | undefined => known && teacherWidth(config, models, known.length);
    fitting.push(...outlierSpaceProblems(config, aim.methods, models, width));
  }
  const makesLatents = needs.outliers && config.synthesis.latents === undefined;
  fitting.push(
    ...suppliedProblems(
      config,
      models,
      known?.length,
      makesLatents && known !== undefined && models.embeddings
        ? conditionWidth(config, models, known.length)
        : undefined,
    ),
  );
  const images = trainingImages(config, { plan, sets });
  if (needs.student && images !== undefined)
    fitting.push(...aim.methods.flatMap((recipe) => restProblem(config, recipe, images) ?? []));
  const own = configurationProblems(
    config,
    aim,
    Math.max(2, names?.length ?? 2),
    models,
    known?.filter((name) => name !== left),
  );
  return { own, fitting };
}

/** Looks ahead and refuses: one problem as itself, several as OAL-D140 that lists them all. */
export async function refuseEarly(
  config: Configuration,
  aim: Aim,
  options: PreflightOptions = {},
): Promise<Preflight> {
  const found = await preflight(config, aim, options);
  const what = config.data.source === "embedded" ? "this run" : config.data.source;
  throwProblems(found.problems, what);
  return found;
}

/** How a run looks ahead. */
type LookOptions = Pick<RunOptions, "onEvent" | "signal"> & Pick<PreflightOptions, "withTest">;

/** `refuseEarly` for a run: as far as `until`, told as progress of stage "data". @throws OAL-C204 for a stage that is not there */
export async function lookAhead(
  config: Configuration,
  until: string,
  { onEvent, signal, withTest = true }: LookOptions,
): Promise<Preflight> {
  checkTargets(config, targetsOf(until, config));
  return refuseEarly(
    config,
    { methods: config.methods, until },
    {
      cached: true,
      withTest,
      onOpen: (name, step, total) => {
        signal?.throwIfAborted();
        const text = `looking at ${name}`;
        onEvent?.({ time: Date.now(), stage: "data", kind: "progress", step, total, text });
      },
    },
  );
}
