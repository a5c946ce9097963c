/** Plain trees of settings: merging one over another, and setting one value by dotted path. */
import { oalError } from "oal-core";

/** An object as parsed from YAML or JSON. */
export type Tree = Record<string, unknown>;

/** Whether a value is a plain object (not null, not a list). */
export function isRecord(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The path of a key that JavaScript would take for a prototype ("__proto__"), which no section has; undefined when there
 * is none. It is asked before trees are merged, because assigning such a key sets no key.
 */
export function unsafeKey(value: unknown, seen = new Set<unknown>()): readonly string[] | undefined {
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  seen.add(value);
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__") return [key];
    const below = unsafeKey(inner, seen);
    if (below !== undefined) return [key, ...below];
  }
  return undefined;
}

/** `over` laid over `base`: sections are merged key by key, everything else (lists too) is replaced. */
export function merge(base: Tree, over: Tree): Tree {
  const result: Tree = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(result, key) ? result[key] : undefined;
    result[key] = isRecord(below) && isRecord(value) ? merge(below, value) : value;
  }
  return result;
}

/**
 * A copy of `tree` with the value at a dotted path; numbers step into lists. Only what lies on the path is copied: a section that the tree
 * holds twice (a recipe of teacher and student, an anchor of YAML) changes in one place.
 *
 * @throws OAL-C202 when the path leads through something that is no section
 */
export function setPath(tree: Tree, path: string, value: unknown, where: string): Tree {
  const refused = (problem: string): Error => oalError("OAL-C202", { at: path, where, problem });
  const inside = (place: unknown, [key = "", ...rest]: readonly string[]): unknown => {
    if (rest.length === 0) {
      // a place far behind the end would make a list with a hole of any size
      if (Array.isArray(place) && /^\d+$/.test(key) && Number(key) <= place.length)
        return replaced(place, key, value);
      if (isRecord(place)) return replaced(place, key, value);
      throw refused(`"${key}" cannot be set there`);
    }
    const below = step(place, key) ?? (isRecord(place) ? {} : undefined);
    if (typeof below !== "object" || below === null) throw refused(`"${key}" is not a section`);
    return replaced(place, key, inside(below, rest));
  };
  const made = inside(tree, path.split("."));
  return isRecord(made) ? made : tree;
}

/** A copy of a section or list with another value at a key. */
function replaced(place: unknown, key: string, value: unknown): unknown {
  if (!Array.isArray(place)) return isRecord(place) ? { ...place, [key]: value } : place;
  const copy: unknown[] = [...place];
  copy[Number(key)] = value;
  return copy;
}

/** The value at a path of keys; undefined where there is none. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(step, tree);
}

/** A copy of `tree` without the key at a path; a section that the tree holds twice keeps it in the other place. */
export function removePath(tree: Tree, [key = "", ...rest]: readonly string[]): Tree {
  if (rest.length === 0) {
    const { [key]: _removed, ...others } = tree;
    return others;
  }
  const below = step(tree, key);
  return isRecord(below) ? { ...tree, [key]: removePath(below, rest) } : tree;
}

function step(place: unknown, key: string): unknown {
  if (Array.isArray(place)) return /^\d+$/.test(key) ? place[Number(key)] : undefined;
  return isRecord(place) && Object.hasOwn(place, key) ? place[key] : undefined;
}

/** Paths of everything below a section that is no section itself. */
export function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (!isRecord(value)) return value === undefined ? [] : [path];
  return Object.entries(value).flatMap(([key, below]) => leaves(below, [...path, key]));
}
