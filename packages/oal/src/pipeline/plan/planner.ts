/** From a configuration, its data and the stages to a plan: every artifact that a target needs, with its key, before anything runs. */
import { withPlugins } from "../plugins/identity.js";
import { oalError, suggest } from "oal-core";
import { artifactKey, type ArtifactIdentity } from "../artifact.js";
import { instanceName, type Effort, type RunSettings, type Setting, type Stage } from "./stage.js";

/** One artifact of a plan. */
export interface PlannedStage {
  /** What the run calls it: "teacher", "student:oal.seed1". */
  readonly name: string;
  readonly stage: Stage;
  readonly variant: string;
  /** Its `stage` is the name without the seed, so that runs of one seed and of several share what they make. */
  readonly identity: ArtifactIdentity;
  readonly key: string;
  readonly setting: Setting;
  readonly effort: Effort | undefined;
  /** What it reads, by role. */
  readonly inputs: ReadonlyMap<string, PlannedStage>;
}

/** Every artifact that the targets need, each after what it reads. */
export interface Plan {
  readonly stages: readonly PlannedStage[];
}

interface Instance {
  readonly stage: Stage;
  readonly variant: string;
  readonly setting: Setting;
  /** Null for what is made once. */
  readonly suffix: string | null;
}

/** Every instance that the settings can have, by name. */
function instancesOf(stages: readonly Stage[], settings: RunSettings): ReadonlyMap<string, Instance> {
  const found = new Map<string, Instance>();
  for (const stage of stages) {
    const lanes =
      stage.seeds === "once"
        ? [{ setting: settings.all, suffix: null }]
        : settings[stage.seeds ?? "run"].map((lane) => ({
            setting: { config: lane.config, data: lane.data, models: lane.models },
            suffix: lane.suffix,
          }));
    for (const { setting, suffix } of lanes) {
      for (const variant of stage.variants(setting.config)) {
        const name = `${instanceName(stage, variant)}${suffix ?? ""}`;
        if (found.has(name))
          throw oalError("OAL-C301", { stage: name, problem: "two stages have this name" });
        found.set(name, { stage, variant, setting, suffix });
      }
    }
  }
  return found;
}

/**
 * Plans a run.
 *
 * @param stages every stage there is
 * @param settings configuration and prepared data of every seed
 * @param targets stage ids (all instances of it) or names of instances
 * @throws OAL-C204 for a target that no stage has, OAL-C301 for an input that no stage makes, or a circle of inputs
 */
export function planRun(stages: readonly Stage[], settings: RunSettings, targets: readonly string[]): Plan {
  const instances = instancesOf(stages, settings);
  const planned = new Map<string, PlannedStage>();
  const open: string[] = [];
  // Where seeds vary the students alone, all of them read the one teacher.
  const nameOf = (input: string, suffix: string | null): string =>
    suffix !== null && instances.has(`${input}${suffix}`) ? `${input}${suffix}` : input;
  const visit = (name: string, reader: string): PlannedStage => {
    const known = planned.get(name);
    if (known) return known;
    const instance = instances.get(name);
    if (!instance)
      throw oalError("OAL-C301", { stage: reader, problem: `it reads ${name}, which no stage makes` });
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].join(" reads ");
      throw oalError("OAL-C301", { stage: name, problem: `its inputs form a circle: ${circle}` });
    }
    open.push(name);
    const { stage, variant, setting, suffix } = instance;
    const inputs = new Map(
      Object.entries(stage.inputs(setting.config, variant)).map(([role, input]) => {
        const read = visit(nameOf(input, suffix), name);
        if (read.stage.seeds === "students" && (stage.seeds ?? "run") === "run")
          refuseStudents(stage, read.stage);
        return [role, read];
      }),
    );
    open.pop();
    const sets = Object.entries(stage.sets?.(setting.data) ?? {});
    const identity: ArtifactIdentity = {
      stage: instanceName(stage, variant),
      version: stage.version,
      slice: withPlugins(stage.id, stage.slice(setting, variant), variant),
      seed: stage.seed?.(setting.config) ?? setting.config.seed,
      inputs: Object.fromEntries([...inputs].map(([role, { key }]) => [role, key])),
      data: Object.fromEntries(sets.map(([set, { contentHash }]) => [set, contentHash])),
    };
    const own = stage.effort?.(setting, variant);
    const effort = own && {
      ...own,
      unit: [stage.id, stage.version, own.unit],
      ...(own.like === undefined ? {} : { like: [stage.id, own.like] }),
    };
    const key = artifactKey(identity);
    const made: PlannedStage = { name, stage, variant, identity, key, setting, effort, inputs };
    planned.set(name, made);
    return made;
  };
  for (const target of targets) {
    const names = [...instances].filter(([name, { stage }]) => stage.id === target || name === target);
    if (names.length === 0) {
      const known = [...new Set([...instances.values()].map(({ stage }) => stage.id))];
      throw oalError("OAL-C204", { kind: "stage", name: target, near: suggest(target, known), known });
    }
    for (const [name] of names) visit(name, target);
  }
  return { stages: [...planned.values()] };
}

/** One artifact for all seeds of the students cannot read one of them. */
function refuseStudents(reader: Stage, read: Stage): never {
  const problem = `it is made once per seed of the run and reads ${read.id}, which is made once per seed of the students`;
  throw oalError("OAL-C301", { stage: reader.id, problem });
}
