/** Looks, before any work, whether every path that the data section names exists. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { oalError } from "oal-core";
import type { Configuration } from "./schema.js";

/**
 * Checks the paths of `data`: the source, every set's files and lists.
 *
 * @throws OAL-D101 naming the first path that does not exist
 */
export function checkDataPaths(configuration: Configuration): void {
  const { data } = configuration;
  const root = data.source === "embedded" ? process.cwd() : data.source;
  const paths = data.source === "embedded" ? [] : [root];
  for (const set of [data.id, data.validation, data.test, ...data.ood]) {
    if (set === undefined) continue;
    paths.push(resolve(root, set.path));
    if (set.list !== undefined) paths.push(resolve(root, set.list));
  }
  for (const path of paths) if (!existsSync(path)) throw oalError("OAL-D101", { path });
}
