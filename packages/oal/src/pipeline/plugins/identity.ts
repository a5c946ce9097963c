/** Which plugins an artifact depends on: those whose things its slice of the configuration names. */
import { loadedPlugins } from "./loaded.js";

/** Lists whose things are used without being named in a slice, and the stages that use them. */
const usedUnnamed: Readonly<Record<string, readonly string[]>> = {
  metrics: ["evaluation", "comparison", "report"],
  reportSections: ["report"],
};

/**
 * A slice with the hashes of the plugins that it names something of; the slice itself where it names nothing of any.
 *
 * @param stage id of the stage
 */
export function withPlugins(stage: string, slice: unknown): unknown {
  const plugins = loadedPlugins();
  if (plugins.length === 0) return slice;
  const words = new Set([stage, ...wordsIn(slice)]);
  const hashes = plugins.flatMap(({ hash, added }) =>
    Object.entries(added).flatMap(([list, ids]) =>
      ids
        .filter((id) => words.has(id) || usedUnnamed[list]?.includes(stage) === true)
        .map((id): readonly [string, string] => [`${list}.${id}`, hash]),
    ),
  );
  return hashes.length === 0 ? slice : { slice, plugins: Object.fromEntries(hashes) };
}

/** Every string in a value. */
function wordsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(wordsIn) : [];
}
