/** Names of a foreign model's classes: given, or from what lies in the file and beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { problemOf } from "../data/pictures/folderWalk.js";
import type { Beside } from "./beside.js";

/** Names in the order of the class scores, and where they come from. */
export interface ClassNames {
  readonly names: readonly string[];
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
    const names = typeof given === "string" ? namesOfFile(given) : given;
    const fitting = classes === null ? names : fittingNames(names, classes);
    if (fitting) return { names: fitting, from };
    const there = names.length === 1 ? "is 1 name" : `are ${names.length} names`;
    throw oalError("OAL-I148", { problem: `it has ${classes} classes, but there ${there} in ${from}` });
  }
  if (classes === null) return null;
  const found: (() => ClassNames | null)[] = [
    () => (classNames ? { names: classNames, from: "config.json" } : null),
    ...metadataKeys.map((key) => (): ClassNames | null => {
      const text = metadata.get(key);
      return text === undefined ? null : { names: namesOfText(text), from: `the file's metadata (${key})` };
    }),
    ...folders.flatMap((folder) =>
      listsIn(folder).map((name) => (): ClassNames => ({
        names: namesOfFile(join(folder, name)),
        from: name,
      })),
    ),
  ];
  for (const read of found) {
    const list = read();
    const names = list && fittingNames(list.names, classes);
    if (list && names) return { names, from: list.from };
  }
  return null;
}

function listsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => listNames.test(name))
    .sort();
}

/** As many names as classes; TensorFlow's lists begin with a "background" that models may lack. */
function fittingNames(names: readonly string[], classes: number): readonly string[] | null {
  if (names.length === classes) return names;
  return names.length === classes + 1 && /^(background|dummy|unlabel+ed)$/i.test(names[0] ?? "")
    ? names.slice(1)
    : null;
}

function namesOfFile(path: string): string[] {
  try {
    return namesOfText(readFileSync(path, "utf8"));
  } catch (error) {
    throw oalError("OAL-I112", { path, problem: problemOf(error) }, error);
  }
}

/** JSON (a list, or names by number), the dictionary that Ultralytics writes, one name a line, or names with commas between them. */
export function namesOfText(text: string): string[] {
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
  if (lines.length === 1) return only.split(",").map((name) => name.trim());
  return withoutNumbers(lines).map((line) => line.replace(/^n\d{8}[\s,:]+(?=\S)/, ""));
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

function listOf(json: unknown): string[] | null {
  const nameOf = (value: unknown): string =>
    Array.isArray(value) ? String(value.at(-1)) : typeof value === "string" ? value : String(value);
  if (Array.isArray(json)) return json.map(nameOf);
  if (typeof json !== "object" || json === null) return null;
  const entries = Object.entries(json);
  const isNumbered = entries.every(([key]) => /^\d+$/.test(key));
  // { "tench": 0 }
  if (!isNumbered)
    return entries.every(([, value]) => typeof value === "number")
      ? entries.sort(([, a], [, b]) => Number(a) - Number(b)).map(([name]) => name)
      : null;
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => nameOf(value));
}
