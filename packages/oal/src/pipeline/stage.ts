/** Runs one stage: finds its artifact by key, or makes it. */
import { artifactKey, type Artifact } from "./artifact.js";
import type { StageEvents } from "./events.js";
import type { RunFolder } from "./runFolder.js";
import { systemError } from "./systemError.js";

/** Figures that a stage's body reports; both end up in artifact.json. */
export interface StageReport {
  readonly metrics?: Readonly<Record<string, number>>;
  /** Seconds by part. */
  readonly timings?: Readonly<Record<string, number>>;
}

/** A stage as a function of its slice of the configuration, its inputs and the seed. */
export interface StageDefinition {
  /** "teacher", or "student:oal" for one of several; part of the key and of the folder's name. */
  readonly name: string;
  /** Raise it when the code changes the result. */
  readonly version: number;
  /** Everything of the configuration that the result depends on, and nothing else (no thread counts). */
  readonly slice: unknown;
  readonly inputs: Readonly<Record<string, Artifact>>;
  /** Content hashes of the data that the stage reads outside its inputs. */
  readonly data?: Readonly<Record<string, string>>;
  /** Default: the run's seed. */
  readonly seed?: number;
  /**
   * Does the work. Files written into `folder` become the artifact. What lies in `folder`/checkpoints survives a stop
   * and is there again at the next attempt; it never becomes part of the artifact.
   */
  readonly body: (folder: string, events: StageEvents, signal: AbortSignal) => Promise<StageReport | void>;
}

/**
 * The artifact of a stage: the finished one if the store has it, undamaged, else a new one.
 *
 * @param run the open run folder
 * @param definition the stage
 * @param signal stops the body; what it checkpointed is kept
 * @throws OAL-I101 disk full or folder not writable, OAL-I102 when the run folder was taken over; whatever the body throws
 * @example const teacher = await runStage(run, { name: "teacher", version: 1, slice, inputs: { data }, body });
 */
export async function runStage(
  run: RunFolder,
  definition: StageDefinition,
  signal: AbortSignal = new AbortController().signal,
): Promise<Artifact> {
  const { name, version, slice, body } = definition;
  const seed = definition.seed ?? run.configuration.seed;
  const data = definition.data ?? {};
  const inputs = Object.fromEntries(Object.entries(definition.inputs).map(([role, { key }]) => [role, key]));
  const key = artifactKey({ stage: name, version, slice, seed, inputs, data });
  const events = run.events.stage(name);
  signal.throwIfAborted();
  const found = await run.store.open(name, key, (text) => events.warning(text), signal);
  if (found !== null) {
    events.emit({ kind: "done", text: "found, made earlier", terms: { seconds: found.manifest.seconds } });
    await run.record(found, false);
    return found;
  }
  const folder = await run.store.begin(name, key);
  const started = new Date();
  let report: StageReport | void;
  try {
    report = await body(folder, events, signal);
  } catch (error) {
    throw systemError(folder, error);
  }
  signal.throwIfAborted();
  run.assertHeld();
  const seconds = (Date.now() - started.getTime()) / 1000;
  const made = await run.store.publish(folder, {
    key,
    stage: name,
    version,
    inputs,
    data: { ...data },
    configuration: slice,
    seed,
    versions: run.versions,
    started: started.toISOString(),
    seconds,
    timings: { ...report?.timings },
    metrics: { ...report?.metrics },
  });
  await run.record(made, true);
  events.emit({ kind: "done", terms: { ...report?.metrics, seconds } });
  return made;
}
