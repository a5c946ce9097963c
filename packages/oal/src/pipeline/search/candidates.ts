/** From points to configurations that can be trained: what has no effect at a point is left out of it, and equal points are one. */
import { isOalError, oalError, OalError } from "oal-core";
import { canonicalJson } from "../canonical.js";
import { ignoredSettings } from "../configuration/ignored.js";
import { valueAt } from "../configuration/merge.js";
import type { Configuration } from "../configuration/schema.js";
import type { SearchPoint } from "./points.js";

/** Makes the configuration that a search starts from, with more keys set, each as "key=value". */
export type Load = (set: readonly string[]) => Configuration;

/** One thing that is tried. */
export interface Candidate {
  /** From 1, in the order of tables. */
  readonly number: number;
  readonly name?: string;
  /** Text of each searched value by key; a key that has no effect here is absent. */
  readonly values: Readonly<Record<string, string>>;
  /** With these values, and with the one student that is judged: the last of `methods`. */
  readonly config: Configuration;
}

/**
 * The candidates of a search.
 *
 * @param fixed keys set at every point, as "student.epochs=2"
 * @throws OAL-C306 naming a point whose configuration is refused, OAL-C305 where fewer than two differ
 */
export function candidatesOf(
  points: readonly SearchPoint[],
  load: Load,
  fixed: readonly string[] = [],
): readonly Candidate[] {
  const found = new Map<string, Omit<Candidate, "number">>();
  for (const point of points) {
    const { values, config } = loaded(point, load, fixed);
    const judged = { ...config, methods: config.methods.slice(-1) };
    const key = canonicalJson(judged);
    if (found.has(key)) continue;
    found.set(key, { ...(point.name === undefined ? {} : { name: point.name }), values, config: judged });
  }
  if (found.size < 2)
    throw oalError("OAL-C305", {
      problem: "there are not two points that differ, so there is nothing to compare",
    });
  return [...found.values()].map((candidate, i) => ({ number: i + 1, ...candidate }));
}

/**
 * The configuration as it was given, as a point: it shows its own values of the keys that other points change, but for those that have
 * no effect in it, and sets none of them. A key below one that stands there with its default as a whole would replace that.
 */
export function pointAsGiven(config: Configuration, points: readonly SearchPoint[]): SearchPoint {
  const keys = new Set(points.flatMap(({ values }) => Object.keys(values)));
  const idle = ignoredSettings(config).map(({ key }) => key);
  const values = [...keys].flatMap((key): [string, string][] => {
    const value = key === "methods" ? config.methods.slice(-1) : valueAt(config, key.split("."));
    return value === undefined || idle.includes(key) ? [] : [[key, textOf(value)]];
  });
  return { values: Object.fromEntries(values), isAsGiven: true };
}

/** A value as `--set` reads it. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  const isWord = typeof value === "string" && /^[A-Za-z][\w.-]*$/.test(value);
  return isWord ? value : JSON.stringify(value);
}

/** The point without keys that other keys of it put out of force: a temperature where the weight of its term is 0. */
function loaded(
  point: SearchPoint,
  load: Load,
  fixed: readonly string[],
): { readonly values: Candidate["values"]; readonly config: Configuration } {
  let { values } = point;
  for (;;) {
    const texts = point.isAsGiven ? [] : Object.entries(values).map(([key, text]) => `${key}=${text}`);
    try {
      return { values, config: load([...texts, ...fixed]) };
    } catch (error) {
      const idle = idleKey(error, values);
      if (idle === undefined) throw refused(point, error);
      const { [idle]: _withoutEffect, ...rest } = values;
      values = rest;
    }
  }
}

function idleKey(error: unknown, values: Candidate["values"]): string | undefined {
  if (!isOalError(error, "OAL-C202")) return undefined;
  const { at, problem } = error.details;
  return at in values && problem.startsWith("has no effect") ? at : undefined;
}

function refused(point: SearchPoint, error: unknown): unknown {
  if (!(error instanceof OalError)) return error;
  return oalError("OAL-C306", { point: pointName(point), problem: error.message }, error);
}

/** What a point is called in sentences: its name, and its values. */
export function pointName({ name, values }: Pick<SearchPoint, "name" | "values">): string {
  const texts = Object.entries(values).map(([key, text]) => `${key}=${text}`);
  return [...(name === undefined ? [] : [name]), ...(texts.length > 0 ? texts : ["as given"])].join(" ");
}

/** The configuration without a point; where only points make it one that can be trained, with the first. */
export function groundOf(load: Load, points: readonly SearchPoint[]): Configuration {
  try {
    return load([]);
  } catch (error) {
    if (!isOalError(error, "OAL-C202")) throw error;
    const [first] = candidatesOf(points, load, []);
    if (!first) throw error;
    return first.config;
  }
}
