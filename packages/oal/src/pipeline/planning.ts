/** What `oal plan` and `oal stage` do: the plan of a run told before anything is made, and one of its stages made alone. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError, type Engine } from "oal-core";
import { writeFileWhole } from "../runtime/writeFile.js";
import { z } from "zod";
import { chooseDevice, engineOnDemand, type DeviceChoice } from "../runtime/engines/index.js";
import type { Artifact } from "./artifact.js";
import { checkConfiguration } from "./configuration/index.js";
import type { Configuration } from "./configuration/schema.js";
import { listenerLogs, type RunEvent } from "./events.js";
import { obtain, type Workshop } from "./plan/obtain.js";
import { planRun, type Plan, type PlannedStage } from "./plan/planner.js";
import { stoppedAt } from "./plan/stageLog.js";
import { wantedOf } from "./plan/walk.js";
import { lookAhead } from "./preflight.js";
import type { Effort } from "./plan/stage.js";
import { measureSpeed, type Work } from "./speed.js";
import { prepareSettings } from "./settings.js";
import { stages } from "./stages/index.js";
import type { ArtifactStore } from "./store/artifactStore.js";
import { claimOwner } from "../runtime/claims/claim.js";
import { openStore } from "./store/location.js";
import { describeOwner } from "../runtime/claims/owner.js";
import { estimate, type Pace } from "./store/rates.js";
import { targetsOf } from "./targets.js";
import { writeError } from "../runtime/systemError.js";
import { versions } from "./versions.js";
import { makeFolder } from "../runtime/makeFolder.js";

/** One artifact of a run that is planned. */
export interface PlanEntry {
  /** "teacher", "student:oal". */
  readonly name: string;
  readonly title: string;
  /** 64 hexadecimal digits; `oal stage` takes the first few. */
  readonly key: string;
  readonly state: "made" | "missing" | "in progress";
  /** Steps of its training that an attempt finished which was stopped: it goes on from there. */
  readonly stopped?: { readonly step: number; readonly total: number };
  /** Who is making it, when it is in progress. */
  readonly owner?: string;
  /** Seconds it took, or is likely to take on this machine; null: unknown. */
  readonly seconds: number | null;
  /**
   * Where they are from: `made`, it took them; `recorded`, its like was done on this machine; `reckoned`, from its floating-point
   * operations and how fast a small network is here at this moment; `unknown`.
   */
  readonly from: "made" | "recorded" | "reckoned" | "unknown";
  /** Names of the artifacts it reads. */
  readonly inputs: readonly string[];
}

/** How plans are told and stopped. */
export interface PlanningOptions {
  /** What computes, instead of what the configuration says. */
  readonly device?: DeviceChoice;
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
}

async function workshopOf({ onEvent, signal }: PlanningOptions): Promise<Workshop> {
  return {
    store: await openStore(),
    events: listenerLogs(onEvent),
    versions: versions(),
    signal: signal ?? new AbortController().signal,
  };
}

/**
 * The plan of a run: every artifact it needs, in an order in which they can be made. Only the data are prepared.
 *
 * @param until the last stage
 * @throws every error of the data; OAL-I106 when the store cannot be written
 */
export async function describePlan(
  config: Configuration,
  until: string,
  options: PlanningOptions = {},
): Promise<PlanEntry[]> {
  const workshop = await workshopOf(options);
  const ahead = await lookAhead(config, until, options);
  const settings = await prepareSettings(config, ahead, workshop);
  const plan = planRun(stages.all, settings, targetsOf(until, config));
  await keepPlan(workshop.store, plan, config);
  const { choice } = await chooseDevice(options.device ?? config.device, config.threads);
  const speed = speedOnDemand(engineOnDemand(choice));
  const pace = { ...choice, version: workshop.versions.onnxruntime };
  const entries: PlanEntry[] = [];
  // one after the other: a speed is measured on its own
  for (const planned of plan.stages) entries.push(await entryOf(planned, workshop.store, pace, speed));
  return entries;
}

/** Measures each kind of work when it is first asked for. */
function speedOnDemand(engine: () => Promise<Engine>): (work: Work) => Promise<number> {
  const known = new Map<Work, Promise<number>>();
  return (work) => {
    const found = known.get(work) ?? engine().then((computes) => measureSpeed(computes, work));
    known.set(work, found);
    return found;
  };
}

async function entryOf(
  planned: PlannedStage,
  store: ArtifactStore,
  pace: Pace,
  speed: (work: Work) => Promise<number>,
): Promise<PlanEntry> {
  const { name, key, stage, identity, inputs, effort } = planned;
  const made = await store.look(identity.stage, key);
  const owner = made === null ? await claimOwner(store.claims, key) : null;
  const stopped = made === null ? stoppedAt(store.checkpointsOf(identity.stage, key)) : null;
  const { seconds: whole, from } =
    made === null && effort ? await expected(store.folder, effort, pace, speed) : unknown;
  const left = stopped && whole !== null ? whole * (1 - stopped.step / stopped.total) : whole;
  return {
    name,
    title: stage.title,
    key,
    state: made !== null ? "made" : owner !== null ? "in progress" : "missing",
    ...(owner === null ? {} : { owner: describeOwner(owner) }),
    ...(stopped ? { stopped } : {}),
    seconds: made !== null ? made.seconds : left,
    from: made !== null ? "made" : from,
    inputs: [...inputs.values()].map((input) => input.name),
  };
}

const unknown = { seconds: null, from: "unknown" } as const;

/**
 * What work is likely to take.
 *
 * @param pace of the engine that will do it
 * @param speed floating-point operations per second by kind of work, asked for where none was recorded
 */
export async function expected(
  store: string,
  effort: Effort,
  pace: Pace,
  speed: (work: Work) => Promise<number>,
): Promise<Pick<PlanEntry, "seconds" | "from">> {
  const recorded = await estimate(store, effort, pace);
  if (recorded !== null) return { seconds: recorded, from: "recorded" };
  const { arithmetic, amount } = effort;
  if (!arithmetic) return unknown;
  const operations = amount * arithmetic.operations();
  return { seconds: operations / (await speed(arithmetic.work)), from: "reckoned" };
}

const noteSchema = z.object({ name: z.string(), configuration: z.unknown() });

/**
 * Notes what every key of a plan stands for, so that a process that knows only a key can make it, and so that what a plan names is not
 * pruned.
 */
export async function keepPlan(
  store: ArtifactStore,
  plan: Pick<Plan, "stages">,
  configuration: Configuration,
): Promise<void> {
  const folder = join(store.folder, "plans");
  try {
    await makeFolder(folder);
    for (const { name, key } of plan.stages)
      await writeFileWhole(join(folder, `${key}.json`), `${JSON.stringify({ name, configuration })}\n`);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/**
 * Makes one planned artifact in this process, from inputs that are in the store; found ones are not made again.
 *
 * @param key the first digits of a key that `oal plan` showed
 * @throws OAL-C303 for a key that no plan has, or several; OAL-C304 when an input is missing; whatever the stage throws
 */
export async function makePlanned(key: string, options: PlanningOptions = {}): Promise<Artifact> {
  const workshop = await workshopOf(options);
  const { name, configuration, whole } = await readNote(workshop.store, key);
  const config = checkConfiguration(configuration, `plan ${key}`);
  const ahead = await lookAhead(config, "report", options);
  const plan = planRun(stages.all, await prepareSettings(config, ahead, workshop), [name]);
  const planned = plan.stages.find((each) => each.name === name);
  if (planned?.key !== whole) {
    const problem = "its data or this version of oal have changed since it was planned";
    throw oalError("OAL-C303", { key, problem });
  }
  const artifacts = new Map<string, Artifact>();
  for (const input of planned.inputs.values()) {
    const found = await workshop.store.open(input.identity.stage, input.key, (text) =>
      workshop.events.stage(name).warning(text),
    );
    if (found === null) throw oalError("OAL-C304", { stage: name, input: input.name, key: input.key });
    artifacts.set(input.name, found);
  }
  const { choice, sentence } = await chooseDevice(options.device ?? config.device, config.threads);
  if (sentence !== null) workshop.events.stage(name).message(sentence);
  const engine = engineOnDemand(choice);
  const wanted = wantedOf(planned, artifacts, { ...workshop, engine });
  const { artifact } = await obtain(wanted, workshop);
  return artifact;
}

async function readNote(
  store: ArtifactStore,
  key: string,
): Promise<z.infer<typeof noteSchema> & { readonly whole: string }> {
  const folder = join(store.folder, "plans");
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  const digits = key.toLowerCase();
  const found = names.filter((name) => /^[0-9a-f]+$/.test(digits) && name.startsWith(digits));
  const [name] = found;
  if (name === undefined) throw oalError("OAL-C303", { key, problem: "no plan in this store has it" });
  if (found.length > 1) throw oalError("OAL-C303", { key, problem: `${found.length} keys begin so` });
  try {
    const note = noteSchema.parse(JSON.parse(await readFile(join(folder, name), "utf8")));
    return { ...note, whole: name.slice(0, 64) };
  } catch (error) {
    throw oalError("OAL-C303", { key, problem: "its note in the store is damaged" }, error);
  }
}
