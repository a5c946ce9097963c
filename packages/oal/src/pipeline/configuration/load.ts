/**
 * From what a user gives (a preset's name, a YAML or JSON file, `--set a.b=3`) to a whole, checked configuration.
 * Every complaint names the file and line it is about.
 */
import { isAbsolute, resolve } from "node:path";
import { expectArguments, kinds, oalError } from "oal-core";
import { parse as parseYaml } from "yaml";
import { takenSetNames } from "./dataSection.js";
import { withoutIgnored } from "./ignored.js";
import { refuseSpareSources } from "./spareSources.js";
import { teacherModelOf } from "./initSection.js";
import { explainIssues, type Locate } from "./issues.js";
import { isRecord, merge, setPath, unsafeKey, valueAt, type Tree } from "./merge.js";
import { presets } from "./presets.js";
import { checkTogether } from "./rules.js";
import { withRows } from "./published/decide.js";
import { constantsOf, inMode, modeOf, withEveryRow, withoutUsualRows } from "./published/modes.js";
import { parseSourceText } from "../../data/sourceText.js";
import { configurationSchema, type Configuration } from "./schema.js";
import { withRecords } from "./records.js";
import { synthesisDefaults } from "./synthesisModel.js";
import { isHubName } from "../../hub/name.js";
import { pictureSizeOf } from "../../models/pictureSize.js";
import { loadPlugins } from "../plugins/load.js";
import { absolutePaths, readSource, unknownPreset, type Source } from "./source.js";

/** What may be given on top of a preset or file. */
export interface LoadOptions {
  /** Overrides in the form "section.key=value"; the value is read as YAML. */
  readonly set?: readonly string[];
  /**
   * Replaces `data.source`; without a preset or file the preset becomes "folder". Relative to `cwd`. Here and below, "photos#train" means
   * the part "train" of it.
   */
  readonly data?: string;
  /** Replaces `data.validation`. Relative to `cwd`. */
  readonly validation?: string;
  /** Replaces `data.test`. Relative to `cwd`. */
  readonly test?: string;
  /** Further sets of unknown images (folders or archives), appended to `data.ood` in group "far". Relative to `cwd`. */
  readonly ood?: readonly string[];
  /** Replaces `init.model`, and, without a preset or file, makes the preset "photos". Relative to `cwd`. */
  readonly init?: string;
  /** Replaces `teacher.model`. Relative to `cwd`. */
  readonly teacher?: string;
  /** Other keys, by dotted path, with where they come from ("--seed"). One for seeds replaces what the file says of them. */
  readonly flags?: readonly Override[];
  /**
   * The recipes that are trained, where these are not the configuration's `methods`: rules between keys are then about these students, and
   * the configuration stays what it is.
   */
  readonly students?: readonly string[];
  /**
   * Whether keys on top of the file may be of outlier sources that no student is shown: a search tries several. Default false: whoever gives
   * `folder.path` and shows another source expects something of it.
   */
  readonly spareSources?: boolean;
  /** The folder that relative paths start from. Default: the process's. */
  readonly cwd?: string;
}

/** One key and what it becomes. */
export interface Override {
  readonly key: string;
  readonly value: unknown;
  readonly where: string;
}

const texts = kinds.optional(kinds.listOf(kinds.text));
const loadOptions = kinds.fields({
  set: texts,
  data: kinds.optional(kinds.text),
  validation: kinds.optional(kinds.text),
  test: kinds.optional(kinds.text),
  ood: texts,
  init: kinds.optional(kinds.text),
  teacher: kinds.optional(kinds.text),
  flags: kinds.optional(kinds.listOf(kinds.fields({ key: kinds.text, where: kinds.text }))),
  students: texts,
  spareSources: kinds.optional(kinds.boolean),
  cwd: kinds.optional(kinds.text),
});

/**
 * A configuration that was given as an object, checked as a file is; absent keys get their defaults.
 *
 * @param where what to call it in an error
 * @throws OAL-C201 unknown key, OAL-C202 value refused, OAL-C212 a setting against a row of the published code
 */
export function checkConfiguration(given: unknown, where: string): Configuration {
  if (isRecord(given)) loadPluginsOf(given, process.cwd());
  const schema = configurationSchema();
  const tree = isRecord(given)
    ? withEveryRow(merge(merge(constantsOf(modeOf(given) ?? "corrected"), synthesisDefaults(given)), given))
    : given;
  const parsed = schema.safeParse(tree, { reportInput: true });
  if (!parsed.success) throw explainIssues(parsed.error.issues, schema, () => where);
  checkTogether(parsed.data, () => where);
  const explicit = { file: isRecord(given) ? given : {}, overrides: [] };
  return withAbsoluteSource(
    withRows(parsed.data, explicit, () => where),
    process.cwd(),
  );
}

/**
 * The whole configuration.
 *
 * @param given a preset's name, the path of a YAML or JSON file, or undefined for "embedded" ("folder" with `data`, "photos" with `init`
 *   too)
 * @param options overrides, later ones win over earlier ones, and all win over the file
 * @throws OAL-C201 unknown key, OAL-C202 value refused, OAL-C203 file cannot be read, OAL-C204 unknown preset, OAL-C212 and OAL-C213 a
 *   setting against a row of the published code
 * @example loadConfiguration("cifar10-small", { set: ["student.epochs=2"], data: "../shared/data" })
 */
export function loadConfiguration(given?: string, options: LoadOptions = {}): Configuration {
  expectArguments("loadConfiguration", {
    given: [given, kinds.optional(kinds.text)],
    options: [options, loadOptions],
  });
  const cwd = options.cwd ?? process.cwd();
  const source = readSource(given ?? usualPreset(options), cwd);
  const overrides = [
    ...givenSources(options, source.tree, cwd),
    ...givenModels(options),
    ...(options.flags ?? []),
    ...(options.set ?? []).map(parseOverride),
  ];
  refuseUnsafeKeys(overrides, source);
  const origins = new Map(overrides.map(({ key, where }) => [key, where]));
  const named = overrides.findLast(({ key }) => key === "preset");
  const preset = readPreset(
    named === undefined ? source.tree["preset"] : named.value,
    named?.where ?? source.locate(["preset"]),
  );
  const ownFile = withoutUsualRows(withFlagSeeds(source.tree, options.flags ?? []), preset);
  const wanted = overridden({ ...preset, ...ownFile }, overrides);
  const mode = modeOf(wanted) ?? "corrected";
  const constants = constantsOf(mode);
  const file = inMode(mode, ownFile, () => configurationSchema().parse(preset));
  const base = merge(merge(merge(preset, constants), synthesisDefaults(wanted)), file);
  const plugins = loadPluginsOf(overridden(base, overrides), cwd);
  const keys = overrides.map(({ key }) => key);
  let tree = overridden(withRecords(base, keys), overrides);
  if (options.ood !== undefined && options.ood.length > 0) tree = appendOod(tree, options.ood, cwd);
  const locate: Locate = (path) => {
    for (let n = path.length; n > 0; n--) {
      const origin = origins.get(path.slice(0, n).join("."));
      if (origin !== undefined) return origin;
    }
    const inside = overrides.findLast(({ key }) => key.startsWith(`${path.join(".")}.`));
    return inside?.where ?? source.locate(path);
  };
  tree = withEveryRow(ofModelSize({ ...tree, ...plugins }, file, overrides, cwd));
  const schema = configurationSchema();
  const parsed = schema.safeParse(tree, { reportInput: true });
  if (!parsed.success) throw explainIssues(parsed.error.issues, schema, locate);
  const { students } = options;
  if (students === undefined) checkTogether(parsed.data, locate);
  else
    checkTogether({ ...parsed.data, methods: [...students] }, (path) =>
      path[0] === "methods" ? "--method" : locate(path),
    );
  if (options.spareSources !== true) refuseSpareSources(parsed.data, overrides);
  const added = options.ood?.length ? [{ key: "data.ood", value: options.ood, where: "--ood" }] : [];
  const explicit = { file, overrides: [...overrides, ...added] };
  const held = withRows(parsed.data, explicit, locate);
  return withAbsoluteSource(withoutIgnored(held, explicit, locate), cwd);
}

/** A tree with every override. */
function overridden(tree: Tree, overrides: readonly Override[]): Tree {
  return overrides.reduce((found, { key, value, where }) => setPath(found, key, value, where), tree);
}

/** The pictures are as large as the model wants them that students start from, where the user does not say otherwise. */
function ofModelSize(tree: Tree, file: Tree, overrides: readonly Override[], cwd: string): Tree {
  const model = valueAt(tree, ["init", "model"]);
  const isGiven =
    valueAt(file, ["data", "size"]) !== undefined ||
    overrides.some(
      ({ key, value }) => key === "data.size" || (key === "data" && isRecord(value) && "size" in value),
    );
  if (isGiven || typeof model !== "string" || model === "") return tree;
  const size = pictureSizeOf(isHubName(model) ? model : resolve(cwd, model));
  return size === undefined ? tree : setPath(tree, "data.size", size, "init.model");
}

/** Loads the plugins of a configuration, whose schema depends on them, and gives their paths made absolute. */
function loadPluginsOf({ plugins }: Tree, cwd: string): Tree {
  if (!Array.isArray(plugins)) return {};
  const paths = absolutePaths(plugins, cwd);
  loadPlugins(paths.flatMap((path) => (typeof path === "string" && path !== "" ? [path] : [])));
  return { plugins: paths };
}

/** The keys that say which seeds a run has. */
const seedKeys: readonly string[] = ["seed", "seeds", "studentSeeds"];

/**
 * A file without its seeds where a flag says which seeds to take: one way of saying it replaces the others. Seeds of the students alone
 * leave the seed of all else.
 */
function withFlagSeeds(tree: Tree, flags: readonly Override[]): Tree {
  const given = flags.map(({ key }) => key).filter((key) => seedKeys.includes(key));
  if (given.length === 0) return tree;
  const dropped = given.includes("studentSeeds") ? ["seeds", "studentSeeds"] : seedKeys;
  return Object.fromEntries(Object.entries(tree).filter(([key]) => !dropped.includes(key)));
}

/** The preset where none is given. */
function usualPreset({ data, init }: LoadOptions): string {
  if (data === undefined) return "embedded";
  return init === undefined ? "folder" : "photos";
}

/** The keys that `init` and `teacher` stand for. */
function givenModels({ init, teacher }: LoadOptions): Override[] {
  return [
    ...(init === undefined ? [] : [{ key: "init.model", value: init, where: "--init" }]),
    ...(teacher === undefined ? [] : [{ key: "teacher.model", value: teacher, where: "--teacher" }]),
  ];
}

/** The keys that `data`, `validation` and `test` stand for. */
function givenSources({ data, validation, test }: LoadOptions, tree: Tree, cwd: string): Override[] {
  const overrides: Override[] = [];
  if (data !== undefined) {
    const { path, split } = parseSourceText(data, cwd);
    overrides.push({ key: "data.source", value: path, where: "--data" });
    const section = tree["data"];
    const hasId = isRecord(section) && section["id"] !== undefined;
    if (split !== undefined)
      overrides.push(
        hasId
          ? { key: "data.id.split", value: split, where: "--data" }
          : { key: "data.id", value: { path: ".", split }, where: "--data" },
      );
  }
  for (const [name, text] of Object.entries({ validation, test })) {
    if (text !== undefined)
      overrides.push({ key: `data.${name}`, value: { ...parseSourceText(text, cwd) }, where: `--${name}` });
  }
  return overrides;
}

/** @throws OAL-C201 for a key that JavaScript would take for a prototype, wherever it was given */
function refuseUnsafeKeys(overrides: readonly Override[], { tree, locate }: Source): void {
  for (const { key, value, where } of overrides) {
    const keys = key.split(".");
    const at = keys.indexOf("__proto__");
    const below = unsafeKey(value);
    if (at >= 0) throw unknownKey(keys.slice(0, at + 1), where);
    if (below !== undefined) throw unknownKey([...keys, ...below], where);
  }
  const unsafe = unsafeKey(tree);
  if (unsafe !== undefined) throw unknownKey(unsafe, locate(unsafe));
}

function unknownKey(path: readonly string[], where: string): Error {
  return oalError("OAL-C201", { key: path.at(-1) ?? "", at: path.slice(0, -1).join("."), where });
}

function readPreset(name: unknown, where: string): Tree {
  const wanted = name ?? "embedded";
  if (typeof wanted !== "string") {
    throw oalError("OAL-C202", { at: "preset", where, problem: "must be the name of a preset" });
  }
  const preset = presets.get(wanted);
  if (preset === undefined) throw unknownPreset(wanted);
  return { ...structuredClone(preset.configuration), preset: wanted };
}

function parseOverride(text: string): Override {
  const where = `--set ${text}`;
  const at = text.indexOf("=");
  const key = text.slice(0, at).trim();
  if (at < 1 || key === "") {
    throw oalError("OAL-C202", { at: text, where, problem: "write section.key=value" });
  }
  try {
    const value: unknown = parseYaml(text.slice(at + 1).trim());
    return { key, value, where };
  } catch (error) {
    throw oalError("OAL-C202", { at: key, where, problem: "the value cannot be read" }, error);
  }
}

function appendOod(tree: Tree, paths: readonly string[], cwd: string): Tree {
  const data = isRecord(tree["data"]) ? tree["data"] : {};
  const before: unknown[] = Array.isArray(data["ood"]) ? data["ood"] : [];
  const names = new Set([
    ...takenSetNames,
    ...before.flatMap((set) => (isRecord(set) && typeof set["name"] === "string" ? [set["name"]] : [])),
  ]);
  const added = paths.map((text) => {
    const source = parseSourceText(text, cwd);
    const whole = nameOf(source.path);
    const name = freeName(source.split === undefined ? whole : nameOf(`${whole}-${source.split}`), names);
    names.add(name);
    return { name, group: "far", ...source };
  });
  return { ...tree, data: { ...data, ood: [...before, ...added] } };
}

/** The name itself, or with the first number from 2 on that makes it new. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

/** "x/photos-unknown.tar.gz" -> "photos-unknown". */
function nameOf(path: string): string {
  const base =
    path
      .replace(/[/\\]+$/, "")
      .split(/[/\\]/)
      .pop() ?? "";
  const plain = base.replace(/\.(tar|tar\.gz|tgz|zip)$/i, "").replace(/[^A-Za-z0-9._-]/g, "_");
  return /^[A-Za-z0-9]/.test(plain) ? plain : `set${plain}`;
}

function withAbsoluteSource(configuration: Configuration, cwd: string): Configuration {
  const { data, init, teacher, synthesis } = configuration;
  const absolute = (path: string): string =>
    isAbsolute(path) || isHubName(path) ? path : resolve(cwd, path);
  const source = data.source === "embedded" ? data.source : absolute(data.source);
  const own = teacherModelOf(configuration);
  return {
    ...configuration,
    data: { ...data, source },
    ...(init.model === undefined ? {} : { init: { ...init, model: absolute(init.model) } }),
    ...(synthesis.model === undefined
      ? {}
      : { synthesis: { ...synthesis, model: absolute(synthesis.model) } }),
    ...(own === undefined ? {} : { teacher: { ...teacher, model: absolute(own) } }),
  };
}
