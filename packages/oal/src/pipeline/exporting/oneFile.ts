/** A model as one ONNX file, with a file of its weights beside it where they are large. */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { writeAssembled, type WriteBundleOptions } from "../../bundle/write.js";
import { makeFolder } from "../../runtime/makeFolder.js";
import type { Exported } from "./exportOptions.js";
import type { Assembled } from "./selection.js";
import { targetError } from "./targetError.js";

/**
 * Writes the file under its name once it has been run under another; what was there before goes then, weights beside it too.
 *
 * @throws OAL-I145 where it does not say what is expected of it; OAL-I161
 */
export async function writeOneFile(
  target: string,
  { graph, facts }: Assembled,
  options: WriteBundleOptions,
): Promise<Omit<Exported, "changes">> {
  try {
    await makeFolder(dirname(target));
    const written = await writeAssembled(target, graph, facts, options);
    let bytes = 0;
    for (const file of written.files) bytes += (await stat(file)).size;
    return { path: target, files: written.files, bytes, facts: written.facts };
  } catch (error) {
    throw targetError(target, error);
  }
}
