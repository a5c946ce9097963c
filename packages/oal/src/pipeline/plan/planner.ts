/** From a configuration, its data and the stages to a plan: every artifact that a target needs, with its key, before anything runs. */
import { oalError, suggest } from "oal-core";
import { artifactKey, type ArtifactIdentity } from "../artifact.js";
import { instanceName, type Effort, type Setting, type Stage } from "./stage.js";

/** One artifact of a plan. */
export interface PlannedStage {
  /** "teacher", "student:oal". */
  readonly name: string;
  readonly stage: Stage;
  readonly variant: string;
  readonly identity: ArtifactIdentity;
  readonly key: string;
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
}

/** Every instance a configuration can have, by name. */
function instancesOf(stages: readonly Stage[], setting: Setting): ReadonlyMap<string, Instance> {
  const found = new Map<string, Instance>();
  for (const stage of stages) {
    for (const variant of stage.variants(setting.config)) {
      const name = instanceName(stage, variant);
      if (found.has(name)) throw oalError("OAL-C301", { stage: name, problem: "two stages have this name" });
      found.set(name, { stage, variant });
    }
  }
  return found;
}

/**
 * Plans a run.
 *
 * @param stages every stage there is
 * @param setting configuration and prepared data
 * @param targets stage ids (all instances of it) or names of instances
 * @throws OAL-C204 for a target that no stage has, OAL-C301 for an input that no stage makes, or a circle of inputs
 */
export function planRun(stages: readonly Stage[], setting: Setting, targets: readonly string[]): Plan {
  const instances = instancesOf(stages, setting);
  const planned = new Map<string, PlannedStage>();
  const open: string[] = [];
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
    const { stage, variant } = instance;
    const inputs = new Map(
      Object.entries(stage.inputs(setting.config, variant)).map(([role, input]) => [
        role,
        visit(input, name),
      ]),
    );
    open.pop();
    const sets = Object.entries(stage.sets?.(setting.data) ?? {});
    const identity: ArtifactIdentity = {
      stage: name,
      version: stage.version,
      slice: stage.slice(setting, variant),
      seed: stage.seed?.(setting.config) ?? setting.config.seed,
      inputs: Object.fromEntries([...inputs].map(([role, { key }]) => [role, key])),
      data: Object.fromEntries(sets.map(([set, { contentHash }]) => [set, contentHash])),
    };
    const own = stage.effort?.(setting, variant);
    const effort = own && { ...own, unit: [stage.id, stage.version, own.unit] };
    const made: PlannedStage = { name, stage, variant, identity, key: artifactKey(identity), effort, inputs };
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
