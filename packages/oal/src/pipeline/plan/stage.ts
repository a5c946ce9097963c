/**
 * What a stage is: a kind of artifact, what it is a function of, and how it is made. One object, one file, one line in
 * stages/index.ts; the order of a run is written nowhere, it follows from the inputs.
 */
import type { Engine } from "oal-core";
import { expectArguments, kinds } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import type { ComputedBy } from "../../training/computedBy.js";
import type { Artifact } from "../artifact.js";
import type { Configuration } from "../configuration/schema.js";
import type { StageEvents } from "../events.js";
import type { Work } from "../speed.js";
import type { RunModels } from "../models.js";
import type { PreparedData } from "../stages/data.js";

/** What the stages of one run are planned from: the configuration, and the data and models, which are looked at before. */
export interface Setting {
  readonly config: Configuration;
  readonly data: PreparedData;
  /** Models of others that the run takes. */
  readonly models: RunModels;
}

/** The setting of one seed. */
export interface Lane extends Setting {
  /** What names of this seed end in: "" for the first, ".seed1". */
  readonly suffix: string;
}

/** The settings of a run's seeds. */
export interface RunSettings {
  /** Of the stages up to the students: one per seed of the whole run. */
  readonly run: readonly Lane[];
  /** Of students and what reads them: one per seed. Where seeds vary the students alone, all read the first of `run`. */
  readonly students: readonly Lane[];
  /** Of what is made once over all seeds: the configuration as it was given, and the data of the first seed. */
  readonly all: Setting;
}

/** The settings of a run of one seed. */
export function oneSeed(setting: Setting): RunSettings {
  const lanes = [{ ...setting, suffix: "" }];
  return { run: lanes, students: lanes, all: setting };
}

/** Figures that a stage reports; both end up in artifact.json. */
export interface StageReport {
  readonly metrics?: Readonly<Record<string, number>>;
  /** Seconds by part. */
  readonly timings?: Readonly<Record<string, number>>;
}

/** How much work an artifact is: so many of a kind of unit, whose speed on this machine earlier runs have recorded. */
export interface Effort {
  /** What decides the time of one unit ("a training step of this network and batch"), as a value that is hashed. */
  readonly unit: unknown;
  /** What decides most of it ("a step of this network and batch, whatever the loss"): for estimates where the like was never done. */
  readonly like?: unknown;
  readonly amount: number;
  /** What a unit costs by arithmetic, for estimates where nothing of this was done; absent where that says little. */
  readonly arithmetic?: Arithmetic;
}

/** Floating-point operations of a unit. */
export interface Arithmetic {
  readonly work: Work;
  /** Counted when it is asked for: a graph is built for it. */
  operations(): number;
}

/** What a stage's `run` works with. */
export interface StageJob extends Setting {
  /** One of {@link Stage.variants}. */
  readonly variant: string;
  /** The instance's name in events and messages: "teacher", "student:oal.seed1". */
  readonly name: string;
  /** The artifact's key. */
  readonly key: string;
  /** The artifacts of {@link Stage.inputs} by role. */
  readonly input: (role: string) => Artifact;
  /** The artifact of a role that not every configuration has. */
  readonly optionalInput: (role: string) => Artifact | undefined;
  /** Files written here become the artifact. */
  readonly folder: string;
  /** What lies here survives a stop and is there at the next attempt; it never becomes part of the artifact. */
  readonly checkpoints: string;
  readonly events: StageEvents;
  /** Computes. */
  readonly engine: Engine;
  /** Notes what computed a part that this attempt goes on from, where that was another engine; it ends up in artifact.json. */
  readonly resumedFrom: (engines: readonly ComputedBy[]) => void;
  /** Aborted when the run is to stop; the body then throws its reason, and what it checkpointed is kept. */
  readonly signal: AbortSignal;
}

/** What a stage's `refuse` judges by. */
export type RefusalJob = Pick<StageJob, "config" | "variant" | "input" | "events">;

/** A stage. */
export interface Stage {
  /** Names the stage in configuration, commands and folders; with a variant "id:variant". */
  readonly id: string;
  /** Raise it when the code changes the result. */
  readonly version: number;
  /** What it makes, in a few words. */
  readonly title: string;
  /** The instances that a configuration has: [""] for a stage that is made once, one name per student for students. */
  variants(config: Configuration): readonly string[];
  /** Everything of the setting that the result depends on, and nothing else (no thread counts). Hashed as canonical JSON. */
  slice(setting: Setting, variant: string): unknown;
  /**
   * How often it is made in a run of several seeds: for every seed of the whole run (default), for every seed of the students, or once.
   * What is made per seed of the run may not read what is made per seed of the students.
   */
  readonly seeds?: "run" | "students" | "once";
  /**
   * Names of the instances whose artifacts it reads, by role. Those of the same seed have no suffix here; a stage that is made once
   * names all it reads ("evaluation:oal.seed1").
   */
  inputs(config: Configuration, variant: string): Readonly<Record<string, string>>;
  /** Image sets whose content the result depends on, by name. */
  sets?(data: PreparedData): Readonly<Record<string, ImageSet>>;
  /** Default: the configuration's seed. */
  seed?(config: Configuration): number;
  /** For estimates of how long it will take. */
  effort?(setting: Setting, variant: string): Effort;
  /**
   * Refuses inputs that nothing may be made of, or warns of them, whether it is made now or was made before. Judges by keys that are no
   * part of the slice too. Default: takes all.
   */
  refuse?(job: RefusalJob): Promise<void>;
  /** Does the work. */
  run(job: StageJob): Promise<StageReport | void>;
}

/** The name of an instance within its seed: "teacher", "student:oal". */
export function instanceName(stage: Pick<Stage, "id">, variant: string): string {
  return variant === "" ? stage.id : `${stage.id}:${variant}`;
}

const aStage = kinds.fields({
  id: kinds.name,
  version: kinds.integer,
  title: kinds.text,
  variants: kinds.callback,
  slice: kinds.callback,
  inputs: kinds.callback,
  run: kinds.callback,
});

/** A stage, checked. */
export function defineStage(stage: Stage): Stage {
  expectArguments("defineStage", { stage: [stage, aStage] });
  return stage;
}
