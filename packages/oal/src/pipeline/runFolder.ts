/** A run folder: run.json (what was run, where, which artifacts), events.jsonl, artifacts/, and the lock that keeps others out. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join, relative, resolve } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import type { Artifact } from "./artifact.js";
import type { Configuration } from "./configuration/schema.js";
import { EventLog, type RunEvent } from "./events.js";
import { lockFolder, type HeldLock } from "./lock.js";
import { ArtifactStore } from "./store.js";
import { versions, type Versions } from "./versions.js";
import { writeError } from "./systemError.js";
import { writeFileWhole } from "../runtime/writeFile.js";

/** Format of a run folder. A folder of another format is refused, never changed. */
export const runFormat = 1;

const stageSchema = z.object({
  key: z.string(),
  folder: z.string(),
  seconds: z.number(),
  metrics: z.record(z.string(), z.number()),
});

const runSchema = z.object({
  format: z.literal(runFormat),
  created: z.string(),
  updated: z.string(),
  configuration: z.unknown(),
  versions: z.object({ oal: z.string(), node: z.string(), onnxruntime: z.string() }),
  hardware: z.object({ cpu: z.string(), cores: z.number(), memoryGiB: z.number(), platform: z.string() }),
  /** Estimate before the last run, in bytes; absent in folders of earlier versions. */
  memory: z
    .object({ estimated: z.number(), what: z.string(), limit: z.number(), limitedBy: z.string() })
    .optional(),
  stages: z.record(z.string(), stageSchema),
});

/** What run.json holds: `stages` has the artifact of every stage the last run made or found, by stage name. */
export type RunManifest = z.infer<typeof runSchema>;

/** An open, locked run folder. */
export class RunFolder {
  readonly folder: string;
  readonly configuration: Configuration;
  readonly events: EventLog;
  readonly store: ArtifactStore;
  readonly versions: Versions = versions();
  readonly #lock: HeldLock;
  #manifest: RunManifest;

  private constructor(
    folder: string,
    configuration: Configuration,
    manifest: RunManifest,
    events: EventLog,
    held: HeldLock,
  ) {
    this.folder = folder;
    this.configuration = configuration;
    this.events = events;
    this.store = new ArtifactStore(join(folder, "artifacts"));
    this.#manifest = manifest;
    this.#lock = held;
  }

  /**
   * Opens a run folder, making it when absent.
   *
   * @param path the folder
   * @param configuration stored in run.json
   * @param onEvent called with every event
   * @throws OAL-I101 not writable or disk full, OAL-I102 in use, OAL-I104 written by another format
   */
  static async open(
    path: string,
    configuration: Configuration,
    onEvent?: (event: RunEvent) => void,
  ): Promise<RunFolder> {
    const folder = resolve(path);
    refuseOtherFormat(folder);
    try {
      await mkdir(join(folder, "artifacts"), { recursive: true });
    } catch (error) {
      throw writeError(folder, error);
    }
    const held = await lockFolder(folder);
    sweep(folder);
    let events: EventLog | undefined;
    try {
      const before = readRunManifest(folder);
      const now = new Date().toISOString();
      const manifest: RunManifest = {
        format: runFormat,
        created: before?.created ?? now,
        updated: now,
        configuration,
        versions: versions(),
        hardware: hardware(),
        stages: before?.stages ?? {},
      };
      events = new EventLog(join(folder, "events.jsonl"), onEvent);
      const run = new RunFolder(folder, configuration, manifest, events, held);
      await run.#save();
      return run;
    } catch (error) {
      events?.close();
      await held.release();
      throw error;
    }
  }

  /** What run.json holds now. */
  get manifest(): RunManifest {
    return this.#manifest;
  }

  /** @throws OAL-I102 when another process has taken the folder over */
  assertHeld(): void {
    if (this.#lock.lost)
      throw oalError("OAL-I102", { path: this.folder, owner: "it took over after a long pause" });
  }

  /** Notes the artifact of a stage in run.json. */
  async record(artifact: Artifact, made: boolean): Promise<void> {
    const { stage, key, seconds, metrics } = artifact.manifest;
    const known = this.#manifest.stages[stage];
    if (!made && known?.key === key) return;
    const entry = {
      key,
      folder: relative(this.folder, artifact.folder).replaceAll("\\", "/"),
      seconds,
      metrics,
    };
    this.#manifest = {
      ...this.#manifest,
      updated: new Date().toISOString(),
      stages: { ...this.#manifest.stages, [stage]: entry },
    };
    await this.#save();
  }

  /** Notes in run.json how much memory the run was estimated to need. */
  async noteMemory(memory: NonNullable<RunManifest["memory"]>): Promise<void> {
    this.#manifest = { ...this.#manifest, memory };
    await this.#save();
  }

  /** Closes the log and gives the lock back. */
  async close(): Promise<void> {
    this.events.close();
    await this.#lock.release();
  }

  async #save(): Promise<void> {
    this.assertHeld();
    const path = join(this.folder, "run.json");
    try {
      await writeFileWhole(path, JSON.stringify(this.#manifest, null, 2) + "\n");
    } catch (error) {
      throw writeError(path, error);
    }
  }
}

/** Removes what a process that was killed while it wrote run.json or the lock's note left beside them. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^run(\.lock)?\.json\.\d+$/.test(name)) rmSync(join(folder, name), { force: true });
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

/** @throws OAL-I104 when the folder holds a run of another format */
function refuseOtherFormat(folder: string): void {
  const parsed = z
    .object({ format: z.union([z.number(), z.string()]) })
    .safeParse(readJson(join(folder, "run.json")));
  if (parsed.success && parsed.data.format !== runFormat) {
    throw oalError("OAL-I104", {
      path: folder,
      found: String(parsed.data.format),
      wanted: String(runFormat),
    });
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

function hardware(): RunManifest["hardware"] {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    platform: `${process.platform}-${process.arch}`,
  };
}
