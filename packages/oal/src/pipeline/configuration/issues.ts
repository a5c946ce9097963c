/** From the schema's complaints to our errors: the key as written, file and line, and the nearest key that exists. */
import { oalError, suggest } from "oal-core";
import type { z } from "zod";
import { isSchema, shapeOf, unwrap } from "./schemaShape.js";

/** Where a key was given: "config.yaml:12", "--set a=1", "preset embedded". */
export type Locate = (path: readonly PropertyKey[]) => string;

/**
 * The first complaint as an error: OAL-C201 for an unknown key, OAL-C202 for a value.
 *
 * @param issues what the schema found
 * @param schema the schema, for the keys that exist
 * @param locate where a key was given
 */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  locate: Locate,
): Error {
  const issue = issues.find((each) => each.code === "unrecognized_keys") ?? issues[0];
  if (issue === undefined) {
    return oalError("OAL-C202", { at: "configuration", where: "configuration", problem: "refused" });
  }
  const at = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const here = keysAt(schema, issue.path);
    const near = suggest(key, here) ?? nearElsewhere(key, schema);
    return oalError("OAL-C201", { key, at, where: locate([...issue.path, key]), near });
  }
  return oalError("OAL-C202", { at, where: locate(issue.path), problem: problemOf(issue) });
}

function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") {
    const words = issue.values.map(String);
    const near = typeof issue.input === "string" ? suggest(issue.input, words) : undefined;
    return `must be one of ${words.join(", ")}` + (near === undefined ? "" : ` (did you mean ${near}?)`);
  }
  const got = issue.input === undefined ? "" : `, got ${shown(issue.input)}`;
  if (issue.code === "invalid_type") return `must be ${withArticle(issue.expected)}${got}`;
  if (issue.code === "too_small")
    return `must be ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}${got}`;
  if (issue.code === "too_big")
    return `must be ${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}${got}`;
  if (issue.code === "invalid_union") return `has the wrong form${got}`;
  return issue.message + got;
}

/** A refused value, as JSON and not too long; a YAML file may hold one that contains itself. */
function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    return "a value that contains itself";
  }
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

function withArticle(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    int: "a whole number",
    number: "a number",
    string: "text",
    boolean: "true or false",
    array: "a list",
    tuple: "a list",
    object: "a section of keys",
  };
  return words[expected] ?? `a ${expected}`;
}

function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let place = unwrap(schema);
  for (const key of path) {
    const { def } = place._zod;
    if ("element" in def && isSchema(def.element)) place = unwrap(def.element);
    else {
      const next = shapeOf(place).get(String(key));
      if (next === undefined) return [];
      place = unwrap(next);
    }
  }
  return [...shapeOf(place).keys()];
}

/** The key may be right and the section wrong: "epochs" at the top level -> "student.epochs". */
function nearElsewhere(key: string, schema: z.core.$ZodType): string | undefined {
  const found: string[] = [];
  for (const [section, inner] of shapeOf(schema))
    if (shapeOf(inner).has(key)) found.push(`${section}.${key}`);
  return found.find((path) => path.startsWith("student.")) ?? found[0];
}
