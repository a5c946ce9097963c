/** The stages that a run is planned from. Built-in ones register themselves in stages/index.ts, others before a run is planned. */
import { oalError, Registry, suggest } from "oal-core";
import type { Configuration } from "../configuration/schema.js";
import { seedConfigurations } from "../seeds.js";
import type { DescribedStage } from "./dataStage.js";
import { instanceName, type Stage } from "./stage.js";

/** The stages that image sets come from, which are made before the others are planned. */
export const dataStages = new Registry<DescribedStage>("data stage");

/** Every stage after the data, in the order of listings; the order of a run follows from their inputs. */
export const stages = new Registry<Stage>("stage");

/**
 * Names of all instances that lead to some stages, those included, in the order of listings. Nothing is prepared or made.
 *
 * @param targets stage ids (all instances of it) or names of instances of any seed; what does not exist leads nowhere
 */
export function leadingTo(config: Configuration, targets: readonly string[]): readonly string[] {
  const wanted = targets.map((target) => target.replace(/\.seed\d+$/, ""));
  const instances = new Map(
    stages.all.flatMap((stage) =>
      stage.variants(config).map((variant) => [instanceName(stage, variant), { stage, variant }] as const),
    ),
  );
  const open = [...instances.entries()]
    .filter(([name, { stage }]) => wanted.includes(stage.id) || wanted.includes(name))
    .map(([name]) => name);
  const reached = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const instance = instances.get(name);
    if (reached.has(name) || !instance) continue;
    reached.add(name);
    open.push(...Object.values(instance.stage.inputs(config, instance.variant)));
  }
  return [...instances.keys()].filter((name) => reached.has(name));
}

/**
 * Refuses a target that no stage of a configuration has, before anything is prepared for it.
 *
 * @throws OAL-C204
 */
export function checkTargets(config: Configuration, targets: readonly string[]): void {
  const own = stages.all.filter((stage) => stage.variants(config).length > 0);
  const names = own.flatMap((stage) => stage.variants(config).map((variant) => instanceName(stage, variant)));
  const ids = own.map(({ id }) => id);
  const known = new Set([...ids, ...names, ...ofEverySeed(config, names).map(({ name }) => name)]);
  const unknown = targets.find((target) => !known.has(target));
  if (unknown === undefined) return;
  throw oalError("OAL-C204", {
    kind: "stage",
    name: unknown,
    near: suggest(unknown, [...known]),
    known: ids,
  });
}

/** An instance of a run of several seeds. */
export interface SeedInstance {
  /** "teacher", "student:oal.seed1". */
  readonly name: string;
  readonly isFirst: boolean;
}

/** Instances of one seed by name, for every seed of a run; what is made once is left out. */
export function ofEverySeed(config: Configuration, names: readonly string[]): SeedInstance[] {
  const seeds = seedConfigurations(config);
  return (["run", "students"] as const).flatMap((kind) => {
    const instances = stages.all
      .filter((stage) => (stage.seeds ?? "run") === kind)
      .flatMap((stage) => stage.variants(config).map((variant) => instanceName(stage, variant)));
    const own = names.filter((name) => instances.includes(name));
    return seeds[kind].flatMap(({ suffix }) =>
      own.map((name) => ({ name: `${name}${suffix}`, isFirst: suffix === "" })),
    );
  });
}
