/**
 * The look ahead before a run: everything that can be known of configuration and data before an image is decoded or a step is trained.
 * `oal run` refuses by it, `oal data inspect` prints it.
 */
import type { OalError } from "oal-core";
import type { PrepareOptions } from "../data/cache.js";
import { throwProblems } from "../data/problems.js";
import type { Configuration } from "./configuration/schema.js";
import { planData, surveyData, type DataPlan, type SurveyedSet } from "./dataPlan.js";
import { configurationProblems, type Aim } from "./foresight.js";
import { prepareOptions } from "./readSets.js";
import type { RunOptions } from "./runTypes.js";

/** What was found. */
export interface Preflight {
  readonly plan: DataPlan;
  readonly sets: readonly SurveyedSet[];
  /** What a run would refuse; empty when it would start. */
  readonly problems: readonly OalError[];
}

/** How to look. */
export interface PreflightOptions {
  /** Where decoded sets may lie already. */
  readonly cache?: PrepareOptions;
  /** Called before a source is opened. */
  readonly onOpen?: (name: string, done: number, total: number) => void;
}

/** What a run that measures does although its user may not expect it. */
export function planWarnings({ data }: Configuration): string[] {
  if (data.source === "embedded" || data.ood.length > 0 || !data.embeddedOod || data.size === 32) return [];
  return [
    "there is no set of unknown images to measure against: those that oal draws have 32 pixels; name some with --ood or data.ood",
  ];
}

/** Looks at configuration and data, and gathers every problem. */
export async function preflight(
  config: Configuration,
  aim: Aim,
  options: PreflightOptions = {},
): Promise<Preflight> {
  const problems: OalError[] = [];
  const plan = await planData(config, problems);
  const sets = await surveyData(plan, problems, options);
  const classes = sets.find(({ role }) => role === "train")?.source.classNames.length ?? 2;
  return { plan, sets, problems: [...configurationProblems(config, aim, Math.max(2, classes)), ...problems] };
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

/** `refuseEarly` for a run: as far as `until`, told as progress of stage "data". */
export function lookAhead(
  config: Configuration,
  until: string,
  { onEvent, signal }: Pick<RunOptions, "onEvent" | "signal">,
): Promise<Preflight> {
  return refuseEarly(
    config,
    { methods: config.methods, until },
    {
      cache: prepareOptions(config),
      onOpen: (name, step, total) => {
        signal?.throwIfAborted();
        const text = `looking at ${name}`;
        onEvent?.({ time: Date.now(), stage: "data", kind: "progress", step, total, text });
      },
    },
  );
}
