/**
 * A run folder: run.json (what was run, where, which artifacts), events.jsonl, artifacts/ (links into the store), and the
 * results, models and report of the last finished run as files of its own. A folder has one run at a time: asked for with
 * another configuration or other data it begins a new one, and what the finished one left stays until the new one ends.
 */
import { readdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { writeFileWhole } from "../runtime/writeFile.js";
import { z } from "zod";
import type { Artifact } from "./artifact.js";
import { canonicalJson } from "./canonical.js";
import type { Configuration } from "./configuration/schema.js";
import { EventLog, type RunEvent } from "./events.js";
import { hardware } from "./hardware.js";
import { resultSettings } from "./resultSettings.js";
import { refuseOtherFolder } from "./otherFolder.js";
import { readJson, runFormat } from "./runFormat.js";
import { dropOtherLinks, linkArtifact } from "./runLinks.js";
import { decidingMethod } from "./deciding.js";
import type { ArtifactStore } from "./store/artifactStore.js";
import { openStore } from "./store/location.js";
import { registerRun } from "./store/registry.js";
import { withClaim } from "../runtime/claims/withClaim.js";
import { writeError } from "../runtime/systemError.js";
import { versions, type Versions } from "./versions.js";
import { makeFolder } from "../runtime/makeFolder.js";

const stageSchema = z.object({
  key: z.string(),
  folder: z.string(),
  seconds: z.number(),
  metrics: z.record(z.string(), z.number()),
});

const recordSchema = z.object({
  started: z.string(),
  /** When it reached what it was asked for; null until then. */
  finished: z.string().nullable(),
  configuration: z.unknown(),
  /** The student whose model decides in `oal score`. */
  decides: z.string(),
  versions: z.object({ oal: z.string(), node: z.string(), onnxruntime: z.string() }),
  hardware: z.object({ cpu: z.string(), cores: z.number(), memoryGiB: z.number(), platform: z.string() }),
  /** Estimate before it began, in bytes; absent for a run without a graph. */
  memory: z
    .object({
      estimated: z.number(),
      what: z.string(),
      limit: z.number(),
      limitedBy: z.string(),
      of: z.string().optional(),
    })
    .optional(),
  /** Keys of everything it needs, by name; what is not among `stages` is still to be made. */
  planned: z.record(z.string(), z.string()),
  stages: z.record(z.string(), stageSchema),
  /** Files of the run folder that it made, by relative path. */
  published: z.record(z.string(), z.object({ bytes: z.number(), sha256: z.string() })),
});

/** What one run left: `stages` has its artifacts by name. */
export type RunRecord = z.infer<typeof recordSchema>;

const runSchema = z.object({
  format: z.literal(runFormat),
  current: recordSchema,
  /** The last finished run before the current one, whose models and report the folder shows until that ends. */
  previous: recordSchema.nullable(),
});

/** What run.json holds. */
export type RunManifest = z.infer<typeof runSchema>;

/** What decides a run's result, and so makes it another run. */
function identityOf(configuration: unknown): string {
  return canonicalJson(resultSettings(z.record(z.string(), z.unknown()).catch({}).parse(configuration)));
}

/** Whether two configurations are one run: they differ in nothing that changes a result. */
export function isSameRun(a: unknown, b: unknown): boolean {
  return identityOf(a) === identityOf(b);
}

/** An open run folder. Other processes may have it open too. */
export class RunFolder {
  readonly folder: string;
  readonly configuration: Configuration;
  readonly events: EventLog;
  readonly store: ArtifactStore;
  readonly versions: Versions = versions();
  #manifest: RunManifest;

  private constructor(
    folder: string,
    configuration: Configuration,
    manifest: RunManifest,
    events: EventLog,
    store: ArtifactStore,
  ) {
    this.folder = folder;
    this.configuration = configuration;
    this.events = events;
    this.store = store;
    this.#manifest = manifest;
  }

  /**
   * Opens a run folder, making it when absent.
   *
   * @param path the folder
   * @param configuration stored in run.json
   * @param onEvent called with every event
   * @throws OAL-I101 folder not writable or disk full, OAL-I106 store not writable, OAL-I104 written by another format,
   *   OAL-C308 folder of something else
   */
  static async open(
    path: string,
    configuration: Configuration,
    onEvent?: (event: RunEvent) => void,
  ): Promise<RunFolder> {
    const folder = resolve(path);
    await refuseOtherFolder(folder);
    const store = await openStore();
    try {
      await makeFolder(join(folder, "artifacts"));
    } catch (error) {
      throw writeError(folder, error);
    }
    await registerRun(store.folder, folder);
    const events = new EventLog(join(folder, "events.jsonl"), onEvent);
    try {
      const before = readRunManifest(folder);
      const run = new RunFolder(folder, configuration, opened(before, configuration), events, store);
      if (before && isAnother(before, run.#manifest)) run.#tellNew("another configuration");
      await run.#save((manifest) => manifest);
      return run;
    } catch (error) {
      events.close();
      throw error;
    }
  }

  /** The record of this run, as run.json holds it now. */
  get record(): RunRecord {
    return this.#manifest.current;
  }

  /** Notes how much memory the run was estimated to need. */
  async noteMemory(memory: NonNullable<RunRecord["memory"]>): Promise<void> {
    if (canonicalJson(memory) === canonicalJson(this.record.memory)) return;
    await this.#save((manifest) => ({ ...manifest, current: { ...manifest.current, memory } }));
  }

  /** Notes the keys of everything the run needs. */
  async plan(planned: Readonly<Record<string, string>>): Promise<void> {
    if (canonicalJson({ ...this.record.planned, ...planned }) === canonicalJson(this.record.planned)) return;
    await this.#save((manifest) => ({
      ...manifest,
      current: { ...manifest.current, planned: { ...manifest.current.planned, ...planned } },
    }));
  }

  /**
   * Notes an artifact of this run and links to it. Other data than the run had before make it a new one.
   *
   * @param stage what the run calls it: "teacher", "student:oal.seed1"
   */
  async note(stage: string, artifact: Artifact): Promise<void> {
    const { key, seconds, metrics } = artifact.manifest;
    const known = this.record.stages[stage];
    // The store may have moved since: a link leads to where the artifact lies now, known or not.
    const path = await linkArtifact(this.folder, artifact);
    if (known?.key === key) return;
    const entry = { key, folder: relative(this.folder, path).replaceAll("\\", "/"), seconds, metrics };
    const other = /^data(\.|$)/.test(stage) && known !== undefined;
    if (other) this.#tellNew("other data");
    await this.#save((manifest) => {
      const { current, previous } = other ? begun(manifest, this.configuration) : manifest;
      return {
        ...manifest,
        previous,
        current: { ...current, stages: { ...current.stages, [stage]: entry } },
      };
    });
  }

  /** Notes that the run shows its results in the folder, and drops the links of runs before it. */
  async finish(published: RunRecord["published"]): Promise<void> {
    await dropOtherLinks(this.folder, this.record.stages);
    await this.#save((manifest) => ({
      ...manifest,
      current: { ...manifest.current, published: { ...published }, finished: new Date().toISOString() },
      previous: null,
    }));
  }

  /** Closes the log. */
  close(): void {
    this.events.close();
  }

  #tellNew(why: string): void {
    const date = this.#manifest.previous?.finished;
    const shown = date
      ? `; models and report stay those of the run finished ${date} until this one ends`
      : "";
    this.events.stage("run").message(`${why} than the last time in this folder: a new run${shown}`);
  }

  async #save(change: (manifest: RunManifest) => RunManifest): Promise<void> {
    const path = join(this.folder, "run.json");
    await withClaim(this.store.claims, this.folder, async () => {
      sweep(this.folder);
      const onDisk = readRunManifest(this.folder);
      const base = onDisk && !isAnother(onDisk, this.#manifest) ? onDisk : this.#manifest;
      this.#manifest = change(base);
      try {
        await writeFileWhole(path, JSON.stringify(this.#manifest, null, 2) + "\n");
      } catch (error) {
        throw writeError(path, error);
      }
    });
  }
}

function isAnother(a: RunManifest, b: RunManifest): boolean {
  return identityOf(a.current.configuration) !== identityOf(b.current.configuration);
}

/** The manifest of a folder that is opened with a configuration: the run goes on, or a new one begins. */
function opened(before: RunManifest | null, configuration: Configuration): RunManifest {
  if (before === null) return { format: runFormat, current: emptyRecord(configuration), previous: null };
  return identityOf(before.current.configuration) === identityOf(configuration)
    ? before
    : begun(before, configuration);
}

function begun({ current, previous }: RunManifest, configuration: Configuration): RunManifest {
  const kept = current.finished === null ? previous : current;
  return { format: runFormat, current: emptyRecord(configuration), previous: kept };
}

function emptyRecord(configuration: Configuration): RunRecord {
  return {
    started: new Date().toISOString(),
    finished: null,
    configuration,
    decides: decidingMethod(configuration.methods),
    versions: versions(),
    hardware: hardware(),
    planned: {},
    stages: {},
    published: {},
  };
}

/** Removes what a process that was killed while it wrote run.json left beside it. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^run\.json\.\d+$/.test(name)) rmSync(join(folder, name), { force: true });
  }
}

/**
 * Reads run.json of a folder.
 *
 * @returns null when there is none, or it is damaged (it is written anew; artifacts describe themselves)
 */
export function readRunManifest(folder: string): RunManifest | null {
  return runSchema.safeParse(readJson(join(folder, "run.json"))).data ?? null;
}

/** The record of the run whose models and report a folder shows: the current one once it is finished, else the one before. */
export function shownRecord({ current, previous }: RunManifest): RunRecord | null {
  return current.finished === null ? previous : current;
}
