/**
 * Settings that other settings put out of force: momentum with Adam, the last rate of a constant schedule. Who gives such
 * a setting expects something of it, so it is refused; a preset's gives way to the default, so that a configuration and the
 * keys of its artifacts hold nothing that has no effect. Sections of methods and stages that a run leaves out are none of
 * them: one file serves runs of all kinds.
 */
import { oalError } from "oal-core";
import { networks } from "../../nn/networks/index.js";
import { trainingMethods } from "../../training/methods/index.js";
import { ownSection } from "../../training/methods/method.js";
import type { Locate } from "./issues.js";
import { isRecord, removePath, setPath, valueAt, type Tree } from "./merge.js";
import { configurationSchema, type Configuration } from "./schema.js";

/** Keys without effect, and the setting that makes them so; a false one is in force. */
type Rule = readonly [keys: readonly string[], because: string | false];

/** A key without effect. */
export interface IgnoredSetting {
  /** Dotted path. */
  readonly key: string;
  /** The setting to blame, as "student.schedule: constant". */
  readonly because: string;
}

/** Every key that has no effect in this configuration, whatever its value. */
export function ignoredSettings(configuration: Configuration): readonly IgnoredSetting[] {
  const rules: readonly Rule[] = [
    [["seed"], configuration.seeds !== undefined && `seeds: ${configuration.seeds.join(", ")}`],
    ...dataRules(configuration),
    ...recipeRules("teacher", configuration.teacher),
    ...recipeRules("student", configuration.student),
    ...outlierRules(configuration),
    ...methodRules(configuration),
  ];
  return rules.flatMap(([keys, because]) =>
    because === false ? [] : keys.map((key): IgnoredSetting => ({ key, because })),
  );
}

/** What of a configuration was given, and by whom. */
export interface Given {
  /** The user's file, or the name of a preset alone. */
  readonly file: Tree;
  /** Single keys on top of it. */
  readonly overrides: readonly { readonly key: string; readonly value: unknown; readonly where: string }[];
}

/**
 * The configuration with the default in place of every preset's setting that has no effect.
 *
 * @param given what the user gave. A file may hold such a setting at its default, because `oal config` writes whole files;
 *   and a switch that is off asks for nothing
 * @throws OAL-C202 for a setting that the user gave and that has no effect, naming the one that makes it so
 */
export function withoutIgnored(configuration: Configuration, given: Given, locate: Locate): Configuration {
  const defaults = configurationSchema().parse({});
  let tree: Tree = configuration;
  for (const { key, because } of ignoredSettings(configuration)) {
    const path = key.split(".");
    const [value, usual] = [valueAt(configuration, path), valueAt(defaults, path)];
    const isUsual = JSON.stringify(value) === JSON.stringify(usual);
    const override = overrideOf(path, given);
    const isGiven = override !== undefined || valueAt(given.file, path) !== undefined;
    if (isGiven && value === false) continue;
    if (override || (!isUsual && valueAt(given.file, path) !== undefined)) {
      throw oalError("OAL-C202", {
        at: key,
        where: override?.where ?? locate(path),
        problem: `has no effect with ${because}; leave one of both out`,
      });
    }
    if (isUsual) continue;
    tree = usual === undefined ? removePath(tree, path) : setPath(tree, key, usual, "default");
  }
  return tree === configuration ? configuration : configurationSchema().parse(tree);
}

/** The last override that gives a key, itself or with a section around it. */
function overrideOf(path: readonly string[], { overrides }: Given): Given["overrides"][number] | undefined {
  return overrides.findLast(({ key, value }) => {
    const keys = key.split(".");
    if (keys.length > path.length || keys.some((name, i) => name !== path[i])) return false;
    return (
      keys.length === path.length ||
      (isRecord(value) && valueAt(value, path.slice(keys.length)) !== undefined)
    );
  });
}

/** Keys of `data` that hold for drawn images too. */
const embeddedKeys: readonly string[] = ["source", "embedded", "normalisation", "id", "validation", "test"];

function dataRules({ data }: Configuration): readonly Rule[] {
  const paths = (keys: readonly string[]): string[] => keys.map((key) => `data.${key}`);
  if (data.source === "embedded") {
    const others = Object.keys(data).filter((key) => !embeddedKeys.includes(key));
    return [[paths(others), "data.source: embedded"]];
  }
  const standIns =
    data.ood.length > 0
      ? "sets in data.ood"
      : !data.embeddedOod
        ? "data.embeddedOod: false"
        : data.size !== 32 && `data.size: ${data.size} (drawn images have 32)`;
  return [
    [paths(["embedded.train", "embedded.validation", "embedded.test"]), "images of your own in data.source"],
    [paths(["embedded.validationOod", "embedded.ood"]), standIns],
    [paths(["embeddedOod"]), data.ood.length > 0 && "sets in data.ood"],
    [paths(["validationFraction"]), data.validation !== undefined && "data.validation"],
    [paths(["testFraction"]), data.test !== undefined && "data.test"],
  ];
}

function recipeRules(section: "teacher" | "student", recipe: Configuration["teacher"]): readonly Rule[] {
  const { optimiser, momentum, schedule, network, augmentation } = recipe;
  const paths = (...keys: readonly string[]): string[] => keys.map((key) => `${section}.${key}`);
  const read = networks.has(network) ? networks.find(network).hyperParameters.map(({ name }) => name) : [];
  const sizes = (["width", "widths", "blocks"] as const).filter((name) => !read.includes(name));
  return [
    [paths(...sizes), `${section}.network: ${network}`],
    [paths("momentum", "nesterov"), optimiser !== "sgd" && `${section}.optimiser: ${optimiser}`],
    [paths("nesterov"), optimiser === "sgd" && momentum === 0 && `${section}.momentum: 0`],
    // the cycle has a momentum of its own
    [
      paths("momentum"),
      optimiser === "sgd" && momentum > 0 && schedule === "oneCycle" && `${section}.schedule: oneCycle`,
    ],
    [paths("minFactor"), schedule === "constant" && `${section}.schedule: constant`],
    [paths("augmentation.paddingMode"), augmentation.padding === 0 && `${section}.augmentation.padding: 0`],
  ];
}

function outlierRules({ boundary }: Configuration): readonly Rule[] {
  return [[["boundary.eta"], boundary.sigma !== "auto" && `boundary.sigma: ${boundary.sigma}`]];
}

function methodRules(configuration: Configuration): readonly Rule[] {
  return trainingMethods.all.flatMap((method) =>
    (method.section === undefined ? ["teacher", "student"] : [method.section]).flatMap((section) =>
      method
        .ignored({ ...configuration, [ownSection]: configuration[section] })
        .map(([keys, because]): Rule => [keys.map((key) => `${section}.${key}`), because]),
    ),
  );
}
