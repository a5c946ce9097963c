/** The folder that a fit leaves. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { fitFormat } from "./result.js";

/** The file that says that a folder is a fit's. */
export const fitFile = "fit.json";

const head = z.object({ format: z.number(), decides: z.string(), files: z.object({ model: z.string() }) });

/**
 * The model file in the folder of a fit.
 *
 * @returns null for a folder that no fit made
 * @throws OAL-E257 for a fit of another version, OAL-I103 when the model file is gone or is said to lie elsewhere
 */
export function fittedModelIn(folder: string): string | null {
  const path = join(folder, fitFile);
  if (!existsSync(path)) return null;
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
  const parsed = head.safeParse(found);
  if (!parsed.success) return null;
  const { format, files } = parsed.data;
  if (format !== fitFormat) throw oalError("OAL-E257", { path, found: format, wanted: fitFormat });
  // what is named here is opened, and removed by the next fit: nothing outside the folder may be
  if (basename(files.model) !== files.model || [".", "..", ""].includes(files.model))
    throw oalError("OAL-I103", {
      path,
      problem: `its model file is called ${JSON.stringify(files.model)}, which is no name in this folder`,
    });
  const file = join(folder, files.model);
  if (!existsSync(file))
    throw oalError("OAL-I103", { path: file, problem: "the model file of this fit is missing" });
  return file;
}
