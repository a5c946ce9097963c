/** Errors thrown by a plugin's own code: the user's to mend, with file and line, and no fault of oal. */
import { pathToFileURL } from "node:url";
import { OalError, oalError } from "oal-core";
import { loadedPlugins } from "./loaded.js";

/**
 * OAL-C210 for an error whose stack passes through a loaded plugin; any other error unchanged.
 *
 * @param error whatever was thrown
 */
export function blamePlugin(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof OalError || error.stack === undefined) return error;
  const lines = error.stack.split("\n");
  for (const { path } of loadedPlugins()) {
    const names = [pathToFileURL(path).href, path];
    const line = lines.find((text) => names.some((name) => text.includes(name)));
    if (line === undefined) continue;
    const at = /:(\d+)(?::\d+)?\)?$/.exec(line.trimEnd())?.[1];
    const problem = `${error.name}: ${error.message}`;
    return oalError("OAL-C210", { path: at === undefined ? path : `${path}:${at}`, problem }, error);
  }
  return error;
}
