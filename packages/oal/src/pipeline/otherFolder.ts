/**
 * Folders that are no run's. A finished run puts its models, scores and tables in the place of what lies there under those names, so
 * a folder is a run's from the beginning or is not touched.
 */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { refuseOtherFormat } from "./runFormat.js";
import { foreignFileIn } from "../runtime/foreignFile.js";
import { writeError } from "../runtime/systemError.js";

/**
 * Refuses a folder that is neither new nor empty nor that of an earlier run. Hidden files do not count, nor what a run leaves that was
 * killed before it wrote run.json.
 *
 * @throws OAL-C308 for a folder of something else, OAL-I104 for a run of another format, OAL-I101 when it cannot be looked into
 */
export async function refuseOtherFolder(folder: string): Promise<void> {
  let isRun = false;
  let file: string | undefined;
  try {
    file = await foreignFileIn(folder, {
      isOwn: (names) => (isRun = names.includes("run.json") || names.includes("events.jsonl")),
      isLeftOver: (name) => isLeftOver(folder, name),
    });
  } catch (error) {
    throw writeError(folder, error);
  }
  if (isRun) return refuseOtherFormat(folder);
  if (file !== undefined) throw oalError("OAL-C308", { path: folder, file });
}

/** Whether a run that was killed at its very beginning left it: its folder of links, or run.json half written. */
async function isLeftOver(folder: string, name: string): Promise<boolean> {
  if (/^run\.json\.\d+$/.test(name)) return true;
  if (name !== "artifacts") return false;
  const inside = await readdir(join(folder, name)).catch(() => null);
  if (inside === null) return false;
  const links = await Promise.all(
    inside.map(async (link) => (await lstat(join(folder, name, link))).isSymbolicLink()),
  );
  return links.every((isLink) => isLink);
}
