/** The format of run folders. It stands alone so that configuration code can read a run without the rest of the pipeline. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";

/** Format of a run folder. A folder of another format is refused, never changed. */
export const runFormat = 3;

/** @throws OAL-I104 when the folder holds a run of another format */
export function refuseOtherFormat(folder: string): void {
  const parsed = z
    .object({ format: z.union([z.number(), z.string()]) })
    .safeParse(readJson(join(folder, "run.json")));
  if (parsed.success && parsed.data.format !== runFormat) {
    throw oalError("OAL-I104", {
      path: folder,
      found: String(parsed.data.format),
      wanted: String(runFormat),
    });
  }
}

/** The content of a JSON file; null when there is none, or it is damaged. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}
