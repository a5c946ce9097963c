/**
 * One round of a search: every candidate with every seed, as one plan. What candidates share (data, teacher, outliers) stands in it once
 * and is found in the store, so a stopped search goes on, and several processes may work on one.
 */
import { canonicalJson } from "../canonical.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import { missingChoosers } from "../configuration/choosers.js";
import { seesAsStudent } from "../configuration/initSection.js";
import { needsOf, type Aim } from "../foresight.js";
import { checkMemory, dataSizes } from "../memoryCheck.js";
import { wantedModels } from "../models.js";
import type { Workshop } from "../plan/obtain.js";
import type { StageWorkshop } from "../plan/walk.js";
import { planRun, type Plan, type PlannedStage } from "../plan/planner.js";
import type { RunSettings } from "../plan/stage.js";
import { keepPlan } from "../planning.js";
import { lookAhead, problemsWith, type Preflight } from "../preflight.js";
import { realOutliersOf } from "../recipeNeeds.js";
import { throwProblems } from "../../data/problems.js";
import { firstSeed, seedConfigurations, studentsOf } from "../seeds.js";
import { prepareSettings } from "../settings.js";
import { stages } from "../stages/index.js";
import { validationStage } from "../stages/validation.js";
import { oalError } from "oal-core";
import type { Candidate } from "./candidates.js";

/** A candidate with the seed of one of its students. */
export interface Trial {
  readonly candidate: Candidate;
  readonly seed: number;
  /** The plan's name of its figures. */
  readonly name: string;
}

/** A round, planned. */
export interface Rung {
  readonly plan: Plan;
  readonly trials: readonly Trial[];
}

/**
 * Pictures and models of a search: read once for all candidates that read the same ones. What of a configuration they follow from is
 * {@link readBy}; everything else is looked at for every candidate.
 */
export class SearchGround {
  readonly #workshop: StageWorkshop;
  readonly #force: boolean;
  readonly #onEvent: Parameters<typeof lookAhead>[2]["onEvent"];
  readonly #made = new Map<string, { readonly ahead: Preflight; readonly settings: RunSettings }>();
  readonly #fitting = new Set<string>();

  constructor(
    workshop: StageWorkshop,
    options: { readonly force: boolean; readonly onEvent?: Parameters<typeof lookAhead>[2]["onEvent"] },
  ) {
    this.#workshop = workshop;
    this.#force = options.force;
    this.#onEvent = options.onEvent;
  }

  /**
   * What the stages of a candidate are planned from; no set of the test is among it.
   *
   * @throws OAL-C307 without unknown validation images, OAL-R110 where memory does not suffice, whatever `lookAhead` finds
   */
  async settingsOf(config: Configuration): Promise<RunSettings> {
    const [missing] = missingChoosers(config.data);
    if (missing !== undefined) throw oalError("OAL-C307", { group: missing });
    const aim = { methods: config.methods, until: validationStage.id };
    const key = canonicalJson(readBy(config, aim));
    const known = this.#made.get(key);
    if (known) {
      const { own, fitting } = problemsWith(config, aim, known.ahead);
      throwProblems([...own, ...fitting], "a point of this search");
      await this.#checkMemory(config, aim, known.ahead);
      return withConfiguration(known.settings, config);
    }
    const ahead = await lookAhead(config, validationStage.id, {
      ...(this.#onEvent ? { onEvent: this.#onEvent } : {}),
      signal: this.#workshop.signal,
      withTest: false,
    });
    await this.#checkMemory(config, aim, ahead);
    const settings = await prepareSettings(config, ahead, this.#workshop);
    this.#made.set(key, { ahead, settings });
    return settings;
  }

  /** Once for all rounds of a candidate: seeds and epochs take no memory. @throws OAL-R110 */
  async #checkMemory(config: Configuration, aim: Aim, ahead: Preflight): Promise<void> {
    const { seed: _seed, seeds: _seeds, studentSeeds: _ofStudents, student, ...rest } = config;
    const { epochs: _epochs, ...training } = student;
    const key = canonicalJson({ ...rest, student: training });
    if (this.#fitting.has(key)) return;
    await checkMemory(config, aim, dataSizes(config, ahead), {
      force: this.#force,
      atOnce: this.#workshop.jobs ?? 1,
      models: ahead.models,
      block: async () => (await this.#workshop.engine()).facts.blockSize,
    });
    this.#fitting.add(key);
  }
}

/**
 * Everything in a configuration that decides which pictures and models are read for it, and how: what `lookAhead` opens and
 * `prepareSettings` makes of that. Two candidates that have it in common share them.
 */
function readBy(config: Configuration, aim: Aim): unknown {
  const { data, seed, seeds } = config;
  const models = wantedModels(config, needsOf(config, aim));
  const outliers = realOutliersOf(config);
  return {
    data,
    models,
    seed,
    ...(seeds === undefined ? {} : { seeds }),
    ...(outliers ? { outliers } : {}),
    ...(models.teacher === undefined ? {} : { seesAsStudent: seesAsStudent(config) }),
  };
}

/** The same data and models under another configuration, of the same seeds of the run. */
function withConfiguration({ run: known, all }: RunSettings, config: Configuration): RunSettings {
  const { run, students } = seedConfigurations(config);
  const [first] = known;
  if (!first) throw oalError("OAL-X101", { problem: "a search without seeds" });
  const lanes = (configurations: typeof run): RunSettings["run"] =>
    configurations.map((own, i) => ({ ...(known[i] ?? first), ...own }));
  return {
    run: lanes(run),
    students: lanes(students),
    all: { ...all, config: { ...config, seed: firstSeed(config) } },
  };
}

/**
 * Plans a round.
 *
 * @param candidates their configurations hold the seeds (`seeds` or `studentSeeds`)
 */
export async function planRung(
  candidates: readonly Candidate[],
  ground: SearchGround,
  { store }: Workshop,
): Promise<Rung> {
  const byKey = new Map<string, PlannedStage>();
  const names = new Set<string>();
  const trials: Trial[] = [];
  for (const candidate of candidates) {
    const { config, number } = candidate;
    const plan = planRun(stages.all, await ground.settingsOf(config), [validationStage.id]);
    const own = new Map<string, PlannedStage>();
    for (const planned of plan.stages) {
      const inputs = new Map(
        [...planned.inputs].map(([role, { name }]) => [role, own.get(name) ?? missing(name)]),
      );
      const name = names.has(planned.name) ? `${planned.name} #${number}` : planned.name;
      const shared = byKey.get(planned.key) ?? { ...planned, inputs, name };
      byKey.set(planned.key, shared);
      names.add(shared.name);
      own.set(planned.name, shared);
    }
    await keepPlan(store, plan, config);
    for (const { label, seed } of studentsOf(config)) {
      const name = `${validationStage.id}:${label}`;
      trials.push({ candidate, seed, name: (own.get(name) ?? missing(name)).name });
    }
  }
  return { plan: { stages: [...byKey.values()] }, trials };
}

/**
 * A round in which candidates that train the very same thing (a temperature of distillation for a student that has none) are one: the
 * first, with the values that all of them have.
 */
export function withoutTwins({ plan, trials }: Rung): {
  readonly rung: Rung;
  readonly candidates: readonly Candidate[];
} {
  const named = new Map<Candidate, string>();
  for (const { candidate, name } of trials) named.set(candidate, `${named.get(candidate) ?? ""} ${name}`);
  const groups = new Map<string, Candidate[]>();
  for (const [candidate, names] of named) groups.set(names, [...(groups.get(names) ?? []), candidate]);
  const candidates = [...groups.values()].flatMap(([first, ...twins]): Candidate[] => {
    if (!first) return [];
    const shared = Object.entries(first.values).filter(([key, text]) =>
      twins.every(({ values }) => values[key] === text),
    );
    return [{ ...first, values: Object.fromEntries(shared) }];
  });
  const numbers = new Set(candidates.map(({ number }) => number));
  return {
    rung: { plan, trials: trials.filter(({ candidate }) => numbers.has(candidate.number)) },
    candidates,
  };
}

function missing(name: string): never {
  throw oalError("OAL-X101", { problem: `${name} is not in the plan of its own search` });
}

/** The artifact of a trial's figures. */
export function figuresOf(trial: Trial, artifacts: ReadonlyMap<string, Artifact>): Artifact {
  return artifacts.get(trial.name) ?? missing(trial.name);
}
