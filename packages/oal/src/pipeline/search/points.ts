/** What a search tries: combinations of values of configuration keys, from "key=a,b,c" and from files of named points. */
import { readFileSync, statSync } from "node:fs";
import { oalError } from "oal-core";
import { parse as parseYaml } from "yaml";
import { isRecord } from "../configuration/merge.js";
import { notRegular } from "../../runtime/notRegular.js";

/** Values of configuration keys, in the words of `--set`. */
export interface SearchPoint {
  /** Of a point from a file: what it is called there. */
  readonly name?: string;
  /** Text of each value by dotted key, as "0.5" or "[ce]". */
  readonly values: Readonly<Record<string, string>>;
  /** The configuration as it was given: its values are only shown, nothing is set. Default: false. */
  readonly isAsGiven?: true;
}

/** A key with the values that are tried. */
interface Axis {
  readonly key: string;
  readonly texts: readonly string[];
}

function refuse(problem: string): never {
  throw oalError("OAL-C305", { problem });
}

/**
 * Every combination of the values of several keys, the last key varying fastest.
 *
 * @param specs "key=a,b,c" each; a comma within brackets, braces or quotes divides nothing. A name as a value of `methods` stands for
 *   the list of it alone
 * @throws OAL-C305 for a text without key or value, and for a key that is named twice
 * @example combinationsOf(["kd.temperature=1,2", "methods=kd,oal"]).length; // 4
 */
export function combinationsOf(specs: readonly string[]): readonly SearchPoint[] {
  const axes = specs.map(parseAxis);
  for (const { key } of axes)
    if (axes.filter((axis) => axis.key === key).length > 1)
      refuse(`${key} is given twice; write all of its values behind one, as ${key}=a,b,c`);
  let points: readonly SearchPoint[] = [{ values: {} }];
  for (const { key, texts } of axes)
    points = points.flatMap(({ values }) => texts.map((text) => ({ values: { ...values, [key]: text } })));
  return points;
}

function parseAxis(spec: string): Axis {
  const at = spec.indexOf("=");
  const key = spec.slice(0, at).trim();
  if (at < 1 || key === "") refuse(`${spec}: write section.key=a,b,c`);
  const texts = divide(spec.slice(at + 1)).map((text) => text.trim());
  if (texts.includes("")) refuse(`${spec}: a value between two commas is missing`);
  const again = texts.find((text, i) => texts.indexOf(text) < i);
  if (again !== undefined) refuse(`${spec}: ${again} stands there twice`);
  return { key, texts: texts.map((text) => valueOf(key, text)) };
}

/** Divides at commas outside of brackets, braces and quotes. */
function divide(text: string): readonly string[] {
  const parts: string[] = [];
  let [depth, quote, part] = [0, "", ""];
  for (const letter of text) {
    if (quote !== "") quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") depth -= 1;
    else if (letter === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    part += letter;
  }
  return [...parts, part];
}

/** `methods` holds a list, and a point is one of its students. */
function valueOf(key: string, text: string): string {
  return key === "methods" && !text.startsWith("[") ? `[${text}]` : text;
}

/**
 * Named points of a YAML or JSON file: an object of points, each an object of configuration keys (dotted, or sections with keys inside).
 *
 * @param isWhole whether the value of a key is one thing that is given as a whole (`union.members`), and no section
 * @throws OAL-C305 for a file that cannot be read or is something else
 */
export function pointsOfFile(path: string, isWhole: (key: string) => boolean): readonly SearchPoint[] {
  let tree: unknown;
  try {
    const problem = notRegular(statSync(path));
    if (problem !== undefined) throw new Error(problem);
    tree = parseYaml(readFileSync(path, "utf8"));
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw oalError("OAL-C305", { problem: `${path} cannot be read: ${problem}` }, error);
  }
  if (!isRecord(tree) || Object.keys(tree).length === 0)
    refuse(`${path} holds no points; write one a line, as "weak: { exposure.uniformWeight: 0.1 }"`);
  return Object.entries(tree).map(([name, given]): SearchPoint => {
    if (given !== null && !isRecord(given))
      refuse(`${path}: ${name} must hold keys with their values, as "${name}: { student.epochs: 3 }"`);
    return { name, values: Object.fromEntries(leavesOf(given ?? {}, "", isWhole)) };
  });
}

function leavesOf(
  tree: Readonly<Record<string, unknown>>,
  prefix: string,
  isWhole: (key: string) => boolean,
): [string, string][] {
  return Object.entries(tree).flatMap(([name, value]): [string, string][] => {
    const key = `${prefix}${name}`;
    return isRecord(value) && Object.keys(value).length > 0 && !isWhole(key)
      ? leavesOf(value, `${key}.`, isWhole)
      : [[key, valueOf(key, typeof value === "string" ? value : JSON.stringify(value))]];
  });
}

/** Named points, each with every combination: what `--points` and `--grid` together ask for. */
export function joined(
  named: readonly SearchPoint[],
  combinations: readonly SearchPoint[],
): readonly SearchPoint[] {
  return named.flatMap(({ name, values }) =>
    combinations.map((other) => ({
      ...(name === undefined ? {} : { name }),
      values: { ...values, ...other.values },
    })),
  );
}
