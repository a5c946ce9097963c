/**
 * Makes what a plan needs: found artifacts are taken, missing ones made, several at a time if wanted. Any number of processes may walk
 * one plan; what another process is making is left to it while there is anything else to do.
 */
import { oalError, type Engine } from "oal-core";
import { withEngine, type ComputedBy } from "../../training/computedBy.js";
import type { Artifact } from "../artifact.js";
import type { Owner } from "../../runtime/claims/owner.js";
import { obtainOrOwner, pause, tellOwner, type Obtained, type Wanted, type Workshop } from "./obtain.js";
import type { Plan, PlannedStage } from "./planner.js";

/** A workshop in which stages are made. */
export interface StageWorkshop extends Workshop {
  /** What they compute with; made when the first one has something to compute. */
  readonly engine: () => Promise<Engine>;
  /** How many stages are made at the same time. Default 1. */
  readonly jobs?: number;
}

/** Told of every artifact, once it is there. */
export type OnArtifact = (planned: PlannedStage, artifact: Artifact, made: boolean) => Promise<void>;

/** Asked when a stage fails; true: the walk goes on without its artifact and without those of stages that read it. */
export type OnFailure = (planned: PlannedStage, error: unknown) => boolean;

/**
 * Walks a plan until every artifact is there, so many stages at a time as the workshop has jobs. Where one ends the walk, the others stop
 * first, as at Ctrl-C: what they have checkpointed is gone on from.
 *
 * @param onFailure default: a stage that fails ends the walk
 * @returns the artifacts by name; without those that `onFailure` lets go
 * @throws whatever a stage throws, what was finished before is kept; the reason of the workshop's signal when it is aborted
 */
export async function walkPlan(
  plan: Plan,
  workshop: StageWorkshop,
  onArtifact: OnArtifact,
  onFailure: OnFailure = () => false,
): Promise<ReadonlyMap<string, Artifact>> {
  const ended = new AbortController();
  const signal = AbortSignal.any([workshop.signal, ended.signal]);
  const inHand = new Map<string, Promise<Turn>>();
  try {
    return await walk(plan, { ...workshop, signal }, inHand, onArtifact, onFailure);
  } catch (error) {
    ended.abort(error);
    await Promise.all(inHand.values());
    throw error;
  }
}

/** What came of a stage that was taken in hand. */
type Turn = { readonly planned: PlannedStage } & (
  { readonly obtained: Obtained } | { readonly error: unknown }
);

/** Never rejects: what failed is looked at where it is waited for, however many others fail meanwhile. */
async function take(
  planned: PlannedStage,
  done: ReadonlyMap<string, Artifact>,
  workshop: StageWorkshop,
): Promise<Turn> {
  try {
    return { planned, obtained: await obtainOrOwner(wantedOf(planned, done, workshop), workshop) };
  } catch (error) {
    return { planned, error };
  }
}

async function walk(
  plan: Plan,
  workshop: StageWorkshop,
  inHand: Map<string, Promise<Turn>>,
  onArtifact: OnArtifact,
  onFailure: OnFailure,
): Promise<ReadonlyMap<string, Artifact>> {
  const { signal, jobs = 1 } = workshop;
  const done = new Map<string, Artifact>();
  const lost = new Set<string>();
  const busy = new Map<string, Owner | null>();
  const told = new Map<string, number>();
  for (;;) {
    // each stage stands behind those that it reads
    for (const { name, inputs } of plan.stages)
      if ([...inputs.values()].some((input) => lost.has(input.name))) lost.add(name);
    const waiting = plan.stages.filter(({ name }) => !done.has(name) && !lost.has(name));
    if (waiting.length === 0) return done;
    const ready = waiting.filter(
      ({ name, inputs }) =>
        !inHand.has(name) && !busy.has(name) && [...inputs.values()].every((input) => done.has(input.name)),
    );
    for (const planned of ready.slice(0, jobs - inHand.size))
      inHand.set(planned.name, take(planned, done, workshop));
    // nothing is left for a free place but what other processes are making
    const isIdle = busy.size > 0 && inHand.size < jobs;
    if (isIdle) for (const [name, owner] of busy) tellOwner(name, owner, told, workshop);
    const turn = await Promise.race([...inHand.values(), ...(isIdle ? [pause(signal)] : [])]);
    if (isIdle) busy.clear();
    if (!turn) continue;
    const { planned } = turn;
    inHand.delete(planned.name);
    if ("error" in turn) {
      signal.throwIfAborted();
      if (!onFailure(planned, turn.error)) throw turn.error;
      lost.add(planned.name);
    } else if ("artifact" in turn.obtained) {
      done.set(planned.name, turn.obtained.artifact);
      await onArtifact(planned, turn.obtained.artifact, turn.obtained.made);
      busy.clear();
    } else busy.set(planned.name, turn.obtained.owner);
  }
}

/** A planned stage as something to be had, its inputs being there. */
export function wantedOf(
  planned: PlannedStage,
  artifacts: ReadonlyMap<string, Artifact>,
  { signal, engine, events }: StageWorkshop,
): Wanted {
  const { name, stage, variant, identity, key, setting } = planned;
  const optionalInput = (role: string): Artifact | undefined => {
    const input = planned.inputs.get(role);
    return input === undefined ? undefined : artifacts.get(input.name);
  };
  const input = (role: string): Artifact => {
    const artifact = optionalInput(role);
    if (artifact) return artifact;
    throw oalError("OAL-C301", { stage: name, problem: `it reads "${role}", which is none of its inputs` });
  };
  return {
    name,
    identity,
    key,
    effort: planned.effort,
    refuse: async () =>
      stage.refuse?.({ config: setting.config, variant, input, events: events.stage(name) }),
    make: async (place) => {
      const job = { ...setting, ...place, variant, name, key, input, optionalInput, signal };
      const made = await engine();
      let earlier: readonly ComputedBy[] = [];
      const resumedFrom = (engines: readonly ComputedBy[]): void =>
        void (earlier = engines.reduce(withEngine, earlier));
      const report = await stage.run({ ...job, engine: made, resumedFrom });
      return { ...report, engine: made.facts, ...(earlier.length > 0 ? { earlierEngines: earlier } : {}) };
    },
  };
}
