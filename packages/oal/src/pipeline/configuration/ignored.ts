/**
 * Settings that other settings put out of force: momentum with Adam, the last rate of a constant schedule. Who gives such
 * a setting expects something of it, so it is refused; a preset's gives way to the default, so that a configuration and the
 * keys of its artifacts hold nothing that has no effect. Sections of methods and stages that a run leaves out are none of
 * them: one file serves runs of all kinds.
 */
import { oalError } from "oal-core";
import { optionsIn } from "../../fields.js";
import { optimisers } from "../../nn/optimisers/index.js";
import { schedules } from "../../nn/schedules/index.js";
import { trainingMethods } from "../../training/methods/index.js";
import { ownSection, type MethodSettings, type TrainingMethod } from "../../training/methods/method.js";
import { askedFor, type Given } from "./given.js";
import { choosingGroups, mayChoose } from "../../evaluation/result.js";
import type { Locate } from "./issues.js";
import { removePath, setPath, valueAt, type Tree } from "./merge.js";
import { optionKeys, type Choice } from "./choosing.js";
import {
  finetuneKeys,
  finetuneOf,
  finetuneShares,
  initSchema,
  teacherModelOf,
  teacherModelShape,
} from "./initSection.js";
import { synthesisChoices } from "./outlierSections.js";
import { warmStartSchema } from "./warmStartSection.js";
import { trainingChoices } from "./trainingSection.js";
import { configurationSchema, type Configuration } from "./schema.js";
import { synthesisRules } from "./synthesisModel.js";

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
    ...modelRules(configuration),
    ...trainingRules("teacher", configuration.teacher),
    ...trainingRules("student", configuration.student),
    ...notChosen("synthesis", synthesisChoices, configuration.synthesis),
    ...outlierRules(configuration),
    ...synthesisRules(configuration),
    ...methodRules(configuration),
  ];
  return rules.flatMap(([keys, because]) =>
    because === false ? [] : keys.map((key): IgnoredSetting => ({ key, because })),
  );
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
    const isUsual = (found: unknown): boolean => JSON.stringify(found) === JSON.stringify(usual);
    const { value: asked, override } = askedFor(path, given) ?? {};
    if (asked === false) continue;
    if (override || (asked !== undefined && !isUsual(asked))) {
      throw oalError("OAL-C202", {
        at: key,
        where: override?.where ?? locate(path),
        problem: `has no effect with ${because}; leave one of both out`,
      });
    }
    // options of what was not chosen are gone already
    if (value === undefined || isUsual(value)) continue;
    tree = usual === undefined ? removePath(tree, path) : setPath(tree, key, usual, "default");
  }
  return tree === configuration ? configuration : configurationSchema().parse(tree);
}

/** What a model that was trained elsewhere puts out of force, and what only holds with one. */
function modelRules(configuration: Configuration): readonly Rule[] {
  const { init, teacher, warmStart } = configuration;
  const keys = (section: object, except: readonly string[]): string[] =>
    Object.keys(section).filter((key) => !except.includes(key));
  const under = (section: string, names: readonly string[]): string[] =>
    names.map((name) => `${section}.${name}`);
  const ofNetworks = trainingChoices.filter(({ key }) => key === "network").flatMap(optionKeys);
  const starts = init.model !== undefined;
  const teaches = teacherModelOf({ teacher }) !== undefined;
  const { when } = finetuneOf({ teacher });
  const trains = [...Object.keys(teacherModelShape), ...(when === "never" ? [] : finetuneShares)];
  return [
    [under("init", keys(initSchema.shape, ["model"])), !starts && "no init.model"],
    [["data.normalisation"], starts && "init.model, which has its own"],
    [under("student", ["network", ...ofNetworks]), starts && "init.model"],
    [under("teacher", ["precision", "normalisation", ...finetuneKeys]), !teaches && "no teacher.model"],
    [
      under(
        "teacher",
        finetuneKeys.filter((key) => key !== "finetune.when"),
      ),
      when === "never" && "teacher.finetune.when: never",
    ],
    [Object.keys(warmStartSchema.shape).map((key) => `warmStart.${key}`), starts && "init.model"],
    [["warmStart.learningRate", "warmStart.minFactor"], warmStart.epochs === 0 && "warmStart.epochs: 0"],
    [["init.views"], starts && init.frozen === 0 && "init.frozen: 0"],
    [
      under("teacher", keys(teacher, trains)),
      teaches &&
        `teacher.model, ${when === "never" ? "which is not trained" : "trained by teacher.finetune"}`,
    ],
  ];
}

/** Keys of `data` that hold for drawn images too. */
const embeddedKeys: readonly string[] = ["source", "embedded", "normalisation", "id", "validation", "test"];

function dataRules({ data }: Configuration): readonly Rule[] {
  const paths = (keys: readonly string[]): string[] => keys.map((key) => `data.${key}`);
  if (data.source === "embedded") {
    const others = Object.keys(data).filter((key) => !embeddedKeys.includes(key));
    return [[paths(others), "data.source: embedded"]];
  }
  const measured = data.ood.some(({ group }) => !mayChoose(group)) && "near or far sets in data.ood";
  const chosenBy =
    choosingGroups.every((group) => data.ood.some((set) => set.group === group)) &&
    "sets of both validation groups in data.ood";
  const standIns = measured || (!data.embeddedOod && "data.embeddedOod: false");
  const choosers = chosenBy || (!data.drawnValidation && "data.drawnValidation: false");
  return [
    [paths(["embedded.train", "embedded.validation", "embedded.test"]), "images of your own in data.source"],
    [paths(["embedded.ood"]), standIns],
    [paths(["embedded.validationOod"]), choosers],
    [paths(["embeddedOod"]), measured],
    [paths(["drawnValidation"]), chosenBy],
    [paths(["validationFraction"]), data.validation !== undefined && "data.validation"],
    [paths(["testFraction"]), data.test !== undefined && "data.test"],
  ];
}

/** Options of what was not chosen, and of what was that others put out of force. */
function trainingRules(section: "teacher" | "student", values: Configuration["teacher"]): readonly Rule[] {
  const paths = (keys: readonly string[]): string[] => keys.map((key) => `${section}.${key}`);
  const optimiser = optimisers.find(values.optimiser);
  const schedule = schedules.find(values.schedule);
  const momentumIsCycled = schedule.cyclesMomentum === true && values["momentum"] !== 0;
  return [
    ...notChosen(section, trainingChoices, values),
    ...optimiser
      .ignored(optionsIn(optimiser, values))
      .map(([keys, because]): Rule => [paths(keys), because && `${section}.${because}`]),
    [
      paths(["momentum"]),
      "momentum" in optimiser.schema.shape && momentumIsCycled && `${section}.schedule: ${schedule.id}`,
    ],
    [
      paths(["augmentation.paddingMode"]),
      values.augmentation.padding === 0 && `${section}.augmentation.padding: 0`,
    ],
  ];
}

/** Options that only other choices have. */
function notChosen(section: string, choices: readonly Choice[], values: Tree): readonly Rule[] {
  return choices.flatMap((choice): Rule[] => {
    const name = String(values[choice.key]);
    const own = Object.keys(choice.registry.find(name).schema.shape);
    // an option of one name may be another choice's too
    const others = choices.filter((other) => other !== choice);
    const elsewhere = others.flatMap(({ key, registry }) =>
      Object.keys(registry.find(String(values[key])).schema.shape),
    );
    const idle = optionKeys(choice).filter((key) => !own.includes(key) && !elsewhere.includes(key));
    return [[idle.map((key) => `${section}.${key}`), `${section}.${choice.key}: ${name}`]];
  });
}

/** What decides how many stand-ins there are; everything else of boundary sampling is about sampling. */
const standInKeys: readonly string[] = ["select", "anchors", "keep", "rounds", "scale", "standIn"];

function outlierRules({ boundary }: Configuration): readonly Rule[] {
  const sampling = Object.keys(boundary).filter((key) => !standInKeys.includes(key));
  if (boundary.outliers !== undefined) {
    const others = Object.keys(boundary).filter((key) => key !== "outliers");
    return [[others.map((key) => `boundary.${key}`), "boundary.outliers, which are not made here"]];
  }
  return [
    [["boundary.eta"], boundary.sigma !== "auto" && `boundary.sigma: ${boundary.sigma}`],
    [
      sampling.map((key) => `boundary.${key}`),
      boundary.standIn !== "none" && `boundary.standIn: ${boundary.standIn}`,
    ],
  ];
}

/** The sections in which a method's options stand, and the settings with each of them as the method reads them. */
function settingsOf(
  { section }: TrainingMethod,
  configuration: Configuration,
): readonly (readonly [section: string, settings: MethodSettings])[] {
  return (section === undefined ? ["teacher", "student"] : [section]).map((name) => [
    name,
    { ...configuration, [ownSection]: configuration[name] },
  ]);
}

/** Options of methods; one that decides about side data holds where another method needs these, whichever recipes the run has. */
function methodRules(configuration: Configuration): readonly Rule[] {
  const { all } = trainingMethods;
  const needs = new Map(
    all.map((method) => [
      method,
      settingsOf(method, configuration).flatMap(([, settings]) => method.needs(settings)),
    ]),
  );
  const decides = (method: TrainingMethod, key: string): boolean =>
    all.some(
      (other) => other !== method && method.decides?.[key]?.some((name) => needs.get(other)?.includes(name)),
    );
  return all.flatMap((method) =>
    settingsOf(method, configuration).flatMap(([section, settings]) =>
      method
        .ignored(settings)
        .map(([keys, because]): Rule => [
          keys.filter((key) => !decides(method, key)).map((key) => `${section}.${key}`),
          because,
        ]),
    ),
  );
}
