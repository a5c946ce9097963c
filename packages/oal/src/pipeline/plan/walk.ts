/**
 * Makes what a plan needs: found artifacts are taken, missing ones made. Any number of processes may walk one plan; what
 * another process is making is left to it while there is anything else to do.
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
}

/** Told of every artifact, once it is there. */
export type OnArtifact = (planned: PlannedStage, artifact: Artifact, made: boolean) => Promise<void>;

/** Asked when a stage fails; true: the walk goes on without its artifact and without those of stages that read it. */
export type OnFailure = (planned: PlannedStage, error: unknown) => boolean;

/**
 * Walks a plan until every artifact is there.
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
  const done = new Map<string, Artifact>();
  const lost = new Set<string>();
  const told = new Map<string, number>();
  for (;;) {
    // each stage stands behind those that it reads
    for (const { name, inputs } of plan.stages)
      if ([...inputs.values()].some((input) => lost.has(input.name))) lost.add(name);
    const waiting = plan.stages.filter(({ name }) => !done.has(name) && !lost.has(name));
    if (waiting.length === 0) return done;
    const ready = waiting.filter(({ inputs }) => [...inputs.values()].every(({ name }) => done.has(name)));
    const busy: { name: string; owner: Owner | null }[] = [];
    for (const planned of ready) {
      let obtained: Obtained;
      try {
        obtained = await obtainOrOwner(wantedOf(planned, done, workshop), workshop);
      } catch (error) {
        workshop.signal.throwIfAborted();
        if (!onFailure(planned, error)) throw error;
        lost.add(planned.name);
        busy.length = 0;
        break;
      }
      if ("artifact" in obtained) {
        done.set(planned.name, obtained.artifact);
        await onArtifact(planned, obtained.artifact, obtained.made);
        busy.length = 0;
        break;
      }
      busy.push({ name: planned.name, owner: obtained.owner });
    }
    for (const { name, owner } of busy) tellOwner(name, owner, told, workshop);
    if (busy.length > 0) await pause(workshop.signal);
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
