/** Names of a foreign model's classes: given, or from what lies in the file and beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { problemOf } from "../data/pictures/folderWalk.js";
import type { Beside } from "./beside.js";

/** A class of a list. */
export interface ListedClass {
  readonly name: string;
  /** What the list calls it besides: WordNet's id in "n01440764 tench" and ["n01440764", "tench"]. */
  readonly aliases: readonly string[];
}

/** Names in the order of the class scores, and where they come from. */
export interface ClassNames {
  readonly classes: readonly ListedClass[];
  readonly from: string;
}

/** Files beside a model that hold names, the likeliest first. */
const listNames =
  /^(labels?|class(es)?|class_?names|categories|synset(_words)?|imagenet_(classes|labels)|.*_(labels|classes))\.txt$|\.names$|^(labels|class_names|classes|imagenet_class_index|id2label)\.json$/i;
const metadataKeys = ["names", "classes", "class_names", "labels", "id2label", "categories"];

/**
 * The names of the classes.
 *
 * @param given a list, or the path of a file with one name a line (or JSON)
 * @param classes how many the model has; null for a feature extractor
 * @throws OAL-I112 when the given file cannot be read, OAL-I148 when the given names are not as many as the classes
 */
export function classNamesOf(
  given: readonly string[] | string | undefined,
  { classNames, folders = [] }: Beside,
  metadata: ReadonlyMap<string, string>,
  classes: number | null,
): ClassNames | null {
  if (given !== undefined) {
    const from = typeof given === "string" ? given : "the list given";
    const listed = typeof given === "string" ? classesOfFile(given) : withoutAliases(given);
    const fitting = classes === null ? listed : fittingClasses(listed, classes);
    if (fitting) return { classes: fitting, from };
    const there = listed.length === 1 ? "is 1 name" : `are ${listed.length} names`;
    throw oalError("OAL-I148", { problem: `it has ${classes} classes, but there ${there} in ${from}` });
  }
  if (classes === null) return null;
  const found: (() => ClassNames | null)[] = [
    () => (classNames ? { classes: withoutAliases(classNames), from: "config.json" } : null),
    ...metadataKeys.map((key) => (): ClassNames | null => {
      const text = metadata.get(key);
      return text === undefined
        ? null
        : { classes: classesOfText(text), from: `the file's metadata (${key})` };
    }),
    ...folders.flatMap((folder) =>
      listsIn(folder).map((name) => (): ClassNames => ({
        classes: classesOfFile(join(folder, name)),
        from: name,
      })),
    ),
  ];
  for (const read of found) {
    const list = read();
    const fitting = list && fittingClasses(list.classes, classes);
    if (list && fitting) return { classes: fitting, from: list.from };
  }
  return null;
}

function listsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => listNames.test(name))
    .sort();
}

/** As many names as classes; TensorFlow's lists begin with a "background" that models may lack. */
function fittingClasses(listed: readonly ListedClass[], classes: number): readonly ListedClass[] | null {
  if (listed.length === classes) return listed;
  return listed.length === classes + 1 && /^(background|dummy|unlabel+ed)$/i.test(listed[0]?.name ?? "")
    ? listed.slice(1)
    : null;
}

function withoutAliases(names: readonly string[]): ListedClass[] {
  return names.map((name) => ({ name, aliases: [] }));
}

function classesOfFile(path: string): ListedClass[] {
  try {
    return classesOfText(readFileSync(path, "utf8"));
  } catch (error) {
    throw oalError("OAL-I112", { path, problem: problemOf(error) }, error);
  }
}

/** JSON (a list, or names by number), the dictionary that Ultralytics writes, one name a line, or names with commas between them. */
export function classesOfText(text: string): ListedClass[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (/^[[{]/.test(trimmed)) {
    const json =
      parsed(trimmed) ??
      parsed(
        trimmed
          .replace(/([{,]\s*)(\d+)\s*:/g, '$1"$2":')
          .replace(/'((?:[^'\\]|\\.)*)'/g, (_, inner: string) =>
            JSON.stringify(inner.replaceAll(/\\(.)/g, "$1")),
          ),
      );
    const list = listOf(json);
    if (list) return list;
  }
  const lines = trimmed
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const [only = ""] = lines;
  if (lines.length === 1) return withoutAliases(only.split(",").map((name) => name.trim()));
  return withoutNumbers(lines).map((line) => {
    const [before, id] = /^(n\d{8})[\s,:]+(?=\S)/.exec(line) ?? [];
    return { name: line.slice(before?.length ?? 0), aliases: id === undefined ? [] : [id] };
  });
}

/** "0: tench" and "0 tench" of lists in which every line begins with its own number. */
function withoutNumbers(lines: readonly string[]): readonly string[] {
  for (const first of [0, 1]) {
    const rests = lines.map((line, index) => {
      const found = /^(\d+)\s*[:,\s]\s*(.+)$/.exec(line);
      return found && Number(found[1]) === index + first ? (found[2] ?? "") : null;
    });
    const kept = rests.filter((rest) => rest !== null);
    if (kept.length === lines.length) return kept;
  }
  return lines;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listOf(json: unknown): ListedClass[] | null {
  const classOf = (value: unknown): ListedClass =>
    Array.isArray(value)
      ? { name: String(value.at(-1)), aliases: value.slice(0, -1).map(String) }
      : { name: String(value), aliases: [] };
  if (Array.isArray(json)) return json.map(classOf);
  if (typeof json !== "object" || json === null) return null;
  const entries = Object.entries(json);
  const isNumbered = entries.every(([key]) => /^\d+$/.test(key));
  // { "tench": 0 }
  if (!isNumbered)
    return entries.every(([, value]) => typeof value === "number")
      ? withoutAliases(entries.sort(([, a], [, b]) => Number(a) - Number(b)).map(([name]) => name))
      : null;
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => classOf(value));
}
