/** Which plugins an artifact depends on: those whose things its stage, its variant or its slice of the configuration names. */
import { loadedPlugins } from "./loaded.js";

/** Lists whose things are used without being named in a slice, and the stages that use them. */
const usedUnnamed: Readonly<Record<string, readonly string[]>> = {
  metrics: ["evaluation", "comparison", "report"],
  reportSections: ["report"],
};

/**
 * A slice with the hashes of the plugins that it names something of, as a value or as a key (the members of a union); the slice itself
 * where it names nothing of any.
 *
 * @param stage id of the stage
 * @param variant of the stage: the id of a recipe, or of an outlier source
 */
export function withPlugins(stage: string, slice: unknown, variant = ""): unknown {
  const plugins = loadedPlugins();
  if (plugins.length === 0) return slice;
  const words = new Set([stage, variant, ...wordsIn(slice)]);
  const hashes = plugins.flatMap(({ hash, added }) =>
    Object.entries(added).flatMap(([list, ids]) =>
      ids
        .filter((id) => words.has(id) || usedUnnamed[list]?.includes(stage) === true)
        .map((id): readonly [string, string] => [`${list}.${id}`, hash]),
    ),
  );
  return hashes.length === 0 ? slice : { slice, plugins: Object.fromEntries(hashes) };
}

/** Every string in a value, and every key. */
function wordsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => wordsIn(each));
  if (typeof value !== "object" || value === null) return [];
  const entries: [string, unknown][] = Object.entries(value);
  return entries.flatMap(([key, inner]) => [key, ...wordsIn(inner)]);
}
