/** Files of keys and values that are no configuration: what is wrong with them is told as there, and what to do is said of these. */
import { OalError } from "oal-core";
import type { z } from "zod";
import { explainIssues, type Locate } from "../pipeline/configuration/issues.js";
import { readKeyFile } from "../pipeline/configuration/source.js";

/** Runs `read`; the errors of the catalogue that it throws say what to do about this kind of file. */
export function withRemedy<T>(remedy: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OalError)) throw error;
    throw new OalError(error.code, error.details, error.message, remedy, error.exit, error);
  }
}

/**
 * Reads a YAML or JSON file that a schema describes.
 *
 * @param path  relative to the current folder
 * @throws OAL-C201 to OAL-C203 for a file that is none, with the line
 */
export function parseKeyFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): { readonly data: z.infer<Schema>; readonly locate: Locate } {
  const { tree, locate } = readKeyFile(path, process.cwd());
  const parsed = schema.safeParse(tree, { reportInput: true });
  if (!parsed.success) throw explainIssues(parsed.error.issues, schema, locate);
  return { data: parsed.data, locate };
}
