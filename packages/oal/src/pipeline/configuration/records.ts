/** Keys that hold values by names of the user's choosing, and what of them stays when one name is given. */
import { isRecord, setPath, valueAt, type Tree } from "./merge.js";
import { configurationSchema } from "./schema.js";
import { recordKeys } from "./schemaShape.js";

/**
 * A tree with the defaults of those records of which one name is given: `union.members.latents` changes the share of one of the usual
 * members and leaves the others in. A record that the tree has already stays what it is.
 *
 * @param keys dotted keys that are given
 */
export function withRecords(tree: Tree, keys: readonly string[]): Tree {
  // records stand in sections, so that a name of one has two keys before it
  const below = keys.filter((key) => key.split(".").length > 2);
  if (below.length === 0) return tree;
  const schema = configurationSchema();
  const records = recordKeys(schema).filter((record) => below.some((key) => key.startsWith(`${record}.`)));
  if (records.length === 0) return tree;
  const defaults = schema.parse({});
  return records.reduce((found, record) => {
    const path = record.split(".");
    const section = valueAt(found, path.slice(0, -1));
    const isFree = valueAt(found, path) === undefined && (section === undefined || isRecord(section));
    const usual = valueAt(defaults, path);
    return isFree && usual !== undefined ? setPath(found, record, usual, "default") : found;
  }, tree);
}
