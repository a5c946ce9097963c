/** Values at a network's cut in an artifact: rows in files, and their sizes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { openRows } from "../../evaluation/rowFiles.js";
import { cutViews, type CutViews } from "../../training/cutViews.js";

/** Name of the rows; those of one picture follow each other. */
export const rowsName = "cut";

const indexFile = "cut.json";
const size = z.number().int().min(1);
const indexSchema = z.strictObject({ views: size, /** Of one value. */ shape: z.array(size), count: size });

/** Writes what the rows are. */
export async function writeCutIndex(artifact: string, index: z.infer<typeof indexSchema>): Promise<void> {
  await writeFile(join(artifact, indexFile), JSON.stringify(index, null, 2));
}

/** The views of an artifact. @throws OAL-I103 when a file is damaged */
export async function readCutViews(artifact: string): Promise<CutViews> {
  const path = join(artifact, indexFile);
  let index: z.infer<typeof indexSchema>;
  try {
    index = indexSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw oalError(
      "OAL-I103",
      { path, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
  const { views, shape, count } = index;
  const width = shape.reduce((product, side) => product * side, 1);
  const source = openRows(artifact, rowsName, { count: count * views, width });
  return cutViews({ views, shape, row: (row) => source.read(row, row + 1) });
}
