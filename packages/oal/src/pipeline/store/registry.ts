/** The runs that use a store: one small file per run folder, so that pruning knows what is still named. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileWhole } from "../../runtime/writeFile.js";
import { z } from "zod";
import { writeError } from "../../runtime/systemError.js";
import { makeFolder } from "../../runtime/makeFolder.js";

const schema = z.object({ path: z.string() });

/** Registers a run folder. @throws OAL-I101 when the store cannot be written */
export async function registerRun(store: string, runFolder: string): Promise<void> {
  const folder = join(store, "runs");
  const name = `${createHash("sha256").update(runFolder).digest("hex").slice(0, 24)}.json`;
  try {
    await makeFolder(folder);
    await writeFileWhole(join(folder, name), `${JSON.stringify({ path: runFolder })}\n`);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Paths of every registered run folder, whether it still exists or not. */
export async function registeredRuns(store: string): Promise<string[]> {
  const folder = join(store, "runs");
  const names = await readdir(folder).catch(() => []);
  const paths: string[] = [];
  for (const name of names.filter((each) => each.endsWith(".json"))) {
    try {
      paths.push(schema.parse(JSON.parse(await readFile(join(folder, name), "utf8"))).path);
    } catch {
      // A note cut short by a crash names no run.
    }
  }
  return paths.sort();
}
