/**
 * From what a user gives (a preset's name, a YAML or JSON file, `--set a.b=3`) to a whole, checked configuration.
 * Every complaint names the file and line it is about.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { oalError, suggest } from "oal-core";
import { isMap, isNode, isScalar, LineCounter, parseDocument, parse as parseYaml, type Document } from "yaml";
import { systemCode } from "../writeError.js";
import { takenSetNames } from "./dataSection.js";
import { explainIssues, type Locate } from "./issues.js";
import { isRecord, merge, setPath, type Tree } from "./merge.js";
import { presets } from "./presets.js";
import { checkTogether } from "./rules.js";
import { parseSourceText } from "./sourceText.js";
import { configurationSchema, type Configuration } from "./schema.js";

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
  /** Other keys, by dotted path, with where they come from ("--seed"). */
  readonly flags?: readonly Override[];
  /** The folder that relative paths start from. Default: the process's. */
  readonly cwd?: string;
}

/** One key and what it becomes. */
interface Override {
  readonly key: string;
  readonly value: unknown;
  readonly where: string;
}

/** A file, parsed, with its lines. */
interface Source {
  readonly tree: Tree;
  readonly where: string;
  readonly locate: Locate;
}

/**
 * The whole configuration.
 *
 * @param given a preset's name, the path of a YAML or JSON file, or undefined for "embedded" ("folder" with `data`)
 * @param options overrides, later ones win over earlier ones, and all win over the file
 * @throws OAL-C201 unknown key, OAL-C202 value refused, OAL-C203 file cannot be read, OAL-C204 unknown preset
 * @example loadConfiguration("cifar10-small", { set: ["student.epochs=2"], data: "../shared/data" })
 */
export function loadConfiguration(given?: string, options: LoadOptions = {}): Configuration {
  const cwd = options.cwd ?? process.cwd();
  const source = readSource(given ?? (options.data === undefined ? "embedded" : "folder"), cwd);
  const overrides = [
    ...givenSources(options, source.tree, cwd),
    ...(options.flags ?? []),
    ...(options.set ?? []).map(parseOverride),
  ];
  const origins = new Map(overrides.map(({ key, where }) => [key, where]));
  const named = overrides.findLast(({ key }) => key === "preset");
  const preset = readPreset(
    named === undefined ? source.tree["preset"] : named.value,
    named?.where ?? source.locate(["preset"]),
  );
  let tree = merge(preset, source.tree);
  for (const { key, value, where } of overrides) tree = setPath(tree, key, value, where);
  if (options.ood !== undefined && options.ood.length > 0) tree = appendOod(tree, options.ood, cwd);
  const locate: Locate = (path) => {
    for (let n = path.length; n > 0; n--) {
      const origin = origins.get(path.slice(0, n).join("."));
      if (origin !== undefined) return origin;
    }
    const inside = overrides.findLast(({ key }) => key.startsWith(`${path.join(".")}.`));
    return inside?.where ?? source.locate(path);
  };
  const parsed = configurationSchema.safeParse(tree, { reportInput: true });
  if (!parsed.success) throw explainIssues(parsed.error.issues, configurationSchema, locate);
  checkTogether(parsed.data, locate);
  return withAbsoluteSource(parsed.data, cwd);
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

function readPreset(name: unknown, where: string): Tree {
  const wanted = name ?? "embedded";
  if (typeof wanted !== "string") {
    throw oalError("OAL-C202", { at: "preset", where, problem: "must be the name of a preset" });
  }
  const preset = presets.get(wanted);
  if (preset === undefined) throw unknownPreset(wanted);
  return { ...structuredClone(preset.configuration), preset: wanted };
}

function unknownPreset(name: string): Error {
  const known = [...presets.keys()];
  return oalError("OAL-C204", {
    kind: "preset or configuration file",
    name,
    near: suggest(name, known),
    known,
  });
}

function readSource(given: string, cwd: string): Source {
  if (presets.has(given)) {
    return { tree: { preset: given }, where: given, locate: () => `preset ${given}` };
  }
  const path = resolve(cwd, given);
  let text: string;
  try {
    if (statSync(path).isDirectory()) {
      throw oalError("OAL-C203", {
        where: given,
        problem: `is a folder; for a folder of images write --data ${given}`,
      });
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" && !/[/\\]|\.(ya?ml|json)$/i.test(given)) throw unknownPreset(given);
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw oalError("OAL-C203", { where: given, problem: code === "ENOENT" ? "no such file" : code }, error);
  }
  return parseSource(text, given, dirname(path));
}

/** Parses a configuration file (JSON is YAML); a relative `data.source` in it is relative to the file's folder. */
function parseSource(text: string, where: string, folder: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw oalError(
      "OAL-C203",
      { where: `${where}:${lines.linePos(error.pos[0]).line}`, problem: error.message },
      error,
    );
  }
  const tree: unknown = document.toJS() ?? {};
  if (!isRecord(tree)) {
    throw oalError("OAL-C203", { where, problem: "must hold sections and keys, such as `seed: 1`" });
  }
  const data = tree["data"];
  if (isRecord(data) && typeof data["source"] === "string" && data["source"] !== "embedded") {
    data["source"] = resolve(folder, data["source"]);
  }
  return { tree, where, locate: (path) => `${where}:${lineOf(document, lines, path)}` };
}

/** The line of the key at `path`, or of the nearest section above that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let n = path.length; n > 0; n--) {
    const parent: unknown = n === 1 ? document.contents : document.getIn(path.slice(0, n - 1), true);
    const name = path[n - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === name);
      if (pair !== undefined && isScalar(pair.key) && pair.key.range)
        return lines.linePos(pair.key.range[0]).line;
    }
    const node: unknown = document.getIn(path.slice(0, n), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
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
  const { source } = configuration.data;
  if (source === "embedded" || isAbsolute(source)) return configuration;
  return { ...configuration, data: { ...configuration.data, source: resolve(cwd, source) } };
}
