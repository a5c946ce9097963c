/** Writes the report whole or not at all. */
import { dirname } from "node:path";
import { oalError } from "oal-core";
import type { ReportInput } from "./input.js";
import { renderReport } from "./page.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { makeFolder } from "../runtime/makeFolder.js";

/**
 * Renders the report, writes it aside and renames it into place.
 *
 * @param path  where the HTML file goes; missing folders are made
 * @throws OAL-I101 when the folder is read-only or the disk full
 */
export async function writeReport(input: ReportInput, path: string): Promise<void> {
  const text = await renderReport(input);
  try {
    await makeFolder(dirname(path));
    await writeFileWhole(path, text);
  } catch (cause) {
    throw oalError(
      "OAL-I101",
      { path, problem: cause instanceof Error ? cause.message : String(cause) },
      cause,
    );
  }
}
