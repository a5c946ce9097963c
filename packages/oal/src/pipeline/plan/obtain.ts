/** Finds one artifact, or makes it under the claim on its key. */
import { setTimeout } from "node:timers/promises";
import { oalError, type EngineFacts } from "oal-core";
import type { ComputedBy } from "../../training/computedBy.js";
import type { Artifact, ArtifactIdentity } from "../artifact.js";
import type { StageEvents, StageLogs } from "../events.js";
import type { ArtifactStore, WorkingFolders } from "../store/artifactStore.js";
import { tryClaim, type Claim } from "../../runtime/claims/claim.js";
import { describeOwner, type Owner } from "../../runtime/claims/owner.js";
import type { Versions } from "../versions.js";
import { systemError } from "../../runtime/systemError.js";
import { recordRate } from "../store/rates.js";
import { beginAttempt } from "./attempts.js";
import type { Effort, StageReport } from "./stage.js";
import { readStageLog, recordingEvents, writeStageLog } from "./stageLog.js";

/** Milliseconds between two looks at what another process is making. */
export const lookEvery = 300;

/** What artifacts are made with. */
export interface Workshop {
  readonly store: ArtifactStore;
  readonly events: StageLogs;
  readonly versions: Versions;
  readonly signal: AbortSignal;
}

/** What making an artifact gives: its figures, what computed it, and what else did before it was interrupted. */
export type MadeReport = StageReport & {
  readonly engine?: EngineFacts;
  readonly earlierEngines?: readonly ComputedBy[];
};

/** An artifact to be had. */
export interface Wanted {
  /** What the run calls it: "teacher", "student:oal.seed1". */
  readonly name: string;
  /** Its `stage` is what the store calls it. */
  readonly identity: ArtifactIdentity;
  readonly key: string;
  /** How much work it is, for estimates of the next one. */
  readonly effort?: Effort | undefined;
  /** Refuses what it would be made of, also where it was made before; not asked while another process makes it. */
  refuse?(): Promise<void>;
  make(place: WorkingFolders & { readonly events: StageEvents }): Promise<MadeReport | void>;
}

/** An artifact, and whether this call made it; or who is making it now. */
export type Obtained =
  { readonly artifact: Artifact; readonly made: boolean } | { readonly owner: Owner | null };

/**
 * The artifact if the store has it, undamaged; else it is made, unless another process is at it.
 *
 * @throws OAL-I101 disk full or folder not writable; whatever `make` and `refuse` throw
 */
export async function obtainOrOwner(wanted: Wanted, workshop: Workshop): Promise<Obtained> {
  const { store, signal } = workshop;
  const log = workshop.events.stage(wanted.name);
  signal.throwIfAborted();
  const find = async (damaged: (problem: string) => void): Promise<Obtained | null> => {
    const artifact = await store.open(wanted.identity.stage, wanted.key, damaged, signal);
    if (artifact === null) return null;
    await wanted.refuse?.();
    const { seconds } = artifact.manifest;
    log.emit({ kind: "done", text: "found, made earlier", terms: { seconds } });
    await tellAgain(artifact, log);
    return { artifact, made: false };
  };
  // Without the claim a damaged one is none yet: another process may be putting a whole one in its place.
  const found = await find(() => undefined);
  if (found !== null) return found;
  const attempt = await tryClaim(store.claims, wanted.key);
  if (!("claim" in attempt)) return attempt;
  try {
    // The process that held the claim until now may have made it.
    const made = await find((problem) => log.warning(`${problem}; it is made again`));
    if (made !== null) return made;
    await wanted.refuse?.();
    return { artifact: await make(wanted, attempt.claim, workshop), made: true };
  } finally {
    await attempt.claim.release();
  }
}

/** The artifact; waits for another process that is making it. */
export async function obtain(
  wanted: Wanted,
  workshop: Workshop,
): Promise<{ readonly artifact: Artifact; readonly made: boolean }> {
  const told = new Map<string, number>();
  for (;;) {
    const obtained = await obtainOrOwner(wanted, workshop);
    if ("artifact" in obtained) return obtained;
    tellOwner(wanted.name, obtained.owner, told, workshop);
    await pause(workshop.signal);
  }
}

/** Says again what an artifact's stage warned of when it was made: whoever finds it made may never have read it. */
async function tellAgain(artifact: Artifact, log: StageEvents): Promise<void> {
  const { warnings } = await readStageLog(artifact);
  for (const text of warnings) log.warning(text);
}

/** Waits a moment. @throws the reason of the signal when it is aborted */
export async function pause(signal: AbortSignal): Promise<void> {
  await setTimeout(lookEvery, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** So many looks without an owner's name are no race for a claim any more, which is over by the next. */
const looksWithoutOwner = 10;

/**
 * Says once that another process is making something; one that cannot be named only when it stays.
 *
 * @param told how often each was met
 */
export function tellOwner(
  name: string,
  owner: Owner | null,
  told: Map<string, number>,
  { events }: Workshop,
): void {
  const who = owner === null ? "another process, which has left no name," : describeOwner(owner);
  const looks = (told.get(`${name} ${who}`) ?? 0) + 1;
  told.set(`${name} ${who}`, looks);
  if (looks === (owner === null ? looksWithoutOwner : 1))
    events.stage(name).message(`${who} is making it; waiting`);
}

async function make(wanted: Wanted, claim: Claim, workshop: Workshop): Promise<Artifact> {
  const { name, identity, key } = wanted;
  const { store, versions, signal } = workshop;
  const working = await store.begin(identity.stage, key);
  const started = new Date();
  const attempt = await beginAttempt(working.checkpoints, started.getTime());
  const events = recordingEvents(workshop.events.stage(name), identity.stage, working.checkpoints);
  let report: MadeReport | void;
  try {
    report = await wanted.make({ ...working, events });
    writeStageLog(working.folder, working.checkpoints);
  } catch (error) {
    // a full disk that ended it may not take this note either
    await attempt.stopped().catch(() => undefined);
    throw systemError(working.folder, error);
  }
  signal.throwIfAborted();
  if (!(await claim.isHeld()))
    throw oalError("OAL-I102", { path: working.folder, owner: "it took over after a long pause" });
  const seconds = attempt.earlier + (Date.now() - started.getTime()) / 1000;
  const artifact = await store.publish(working, {
    key,
    stage: identity.stage,
    version: identity.version,
    inputs: { ...identity.inputs },
    data: { ...identity.data },
    configuration: identity.slice,
    seed: identity.seed,
    versions,
    ...(report?.engine ? { engine: report.engine } : {}),
    ...(report?.earlierEngines ? { earlierEngines: [...report.earlierEngines] } : {}),
    started: started.toISOString(),
    seconds,
    timings: { ...report?.timings },
    metrics: { ...report?.metrics },
  });
  // what an attempt did again counts in the time, which then says nothing of how fast the work is
  if (wanted.effort && report?.engine && attempt.isFirst)
    await recordRate(store.folder, wanted.effort, report.engine, seconds);
  events.emit({ kind: "done", terms: { ...report?.metrics, seconds } });
  return artifact;
}
