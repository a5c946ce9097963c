/** What of a configuration the user gave, and where. */
import { isRecord, setPath, valueAt, type Tree } from "./merge.js";

/** What of a configuration was given, and by whom. */
export interface Given {
  /** The user's file, or the name of a preset alone. */
  readonly file: Tree;
  /** Single keys on top of it. */
  readonly overrides: readonly { readonly key: string; readonly value: unknown; readonly where: string }[];
}

/** One of the keys on top of a file. */
export type GivenOverride = Given["overrides"][number];

/** A setting that the user gave: on top of the file, or, without an override, in it. */
export interface AskedSetting {
  readonly value: unknown;
  readonly override?: GivenOverride;
}

/** What the user gave for a key, itself or with a section around it; undefined where it was not given. */
export function askedFor(path: readonly string[], given: Given): AskedSetting | undefined {
  const override = overrideOf(path, given);
  if (override) return { value: valueAt(setPath({}, override.key, override.value, ""), path), override };
  const value = valueAt(given.file, path);
  return value === undefined ? undefined : { value };
}

/** The last override that gives a key. */
function overrideOf(path: readonly string[], { overrides }: Given): GivenOverride | undefined {
  return overrides.findLast(({ key, value }) => {
    const keys = key.split(".");
    if (keys.length > path.length || keys.some((name, i) => name !== path[i])) return false;
    return (
      keys.length === path.length ||
      (isRecord(value) && valueAt(value, path.slice(keys.length)) !== undefined)
    );
  });
}
