/** Which plugins an artifact depends on: those whose things its stage, its variant or its slice of the configuration names. */
import { loadedPlugins } from "./loaded.js";

/** Lists whose things are used without being named in a slice, and the stages that use them. */
const usedUnnamed: Readonly<Record<string, readonly string[]>> = {
  metrics: ["evaluation", "comparison", "report"],
  reportSections: ["report"],
};

/** Lists whose things a slice names as keys too: the members of a union. Of others a key is but a setting's name, as `mean`. */
const namedByKeys: readonly string[] = ["outlierSources"];

/**
 * A slice with the hashes of the plugins that it names something of, as a value or, where that may be, as a key; the slice itself
 * where it names nothing of any.
 *
 * @param stage id of the stage
 * @param variant of the stage: the id of a recipe, or of an outlier source
 */
export function withPlugins(stage: string, slice: unknown, variant = ""): unknown {
  const plugins = loadedPlugins();
  if (plugins.length === 0) return slice;
  const values = new Set([stage, variant, ...valuesIn(slice)]);
  const keys = new Set(keysIn(slice));
  const hashes = plugins.flatMap(({ hash, added }) =>
    Object.entries(added).flatMap(([list, ids]) =>
      ids
        .filter(
          (id) =>
            values.has(id) ||
            (namedByKeys.includes(list) && keys.has(id)) ||
            usedUnnamed[list]?.includes(stage) === true,
        )
        .map((id): readonly [string, string] => [`${list}.${id}`, hash]),
    ),
  );
  return hashes.length === 0 ? slice : { slice, plugins: Object.fromEntries(hashes) };
}

/** Every string in a value. */
function valuesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return innerOf(value).flatMap(([, inner]) => valuesIn(inner));
}

/** Every key in a value. */
function keysIn(value: unknown): readonly string[] {
  return innerOf(value).flatMap(([key, inner]) => [key, ...keysIn(inner)]);
}

/** The entries of a record or a list; nothing of anything else. */
function innerOf(value: unknown): readonly [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
