/** Writing a bundle: assembled, announced where it is large, written whole or not at all, and run again. */
import { rm } from "node:fs/promises";
import { verifyGraph, writeModel, type Engine, type Tensor } from "oal-core";
import { writeFileWhole } from "../runtime/writeFile.js";
import { assembleBundle, keptBytes, type BundleContents } from "./assemble.js";
import { checkBundle, type CheckedOutputs } from "./check.js";
import { factsToMetadata, type BundleFacts } from "./facts.js";

/** Bytes from which the size of a bundle is told before it is written: 200 MB. */
export const largeBundle = 200_000_000;

/** How a bundle is written. */
export interface WriteBundleOptions {
  readonly engine: Engine;
  /** Pictures, uint8 [N, 3, S, S] with N of at least 1, that the written file is run with. */
  readonly images: Tensor;
  /** What it must give of them, by name, as whoever measured the model has it. */
  readonly expected: CheckedOutputs;
  /** Told, before anything is written, when the file will have more bytes than are `large`. */
  readonly onLarge?: (bytes: number) => void;
  /** Bytes. Default {@link largeBundle}. */
  readonly large?: number;
}

/**
 * Writes a classifier with its detectors as one ONNX file, and runs the file.
 *
 * @param path ends in .onnx; weights beyond what one file may hold lie beside it
 * @returns what the file says of itself
 * @throws OAL-E214, OAL-E203 as `assembleBundle`, OAL-I145 when the written file does not compute what was expected (it is removed
 *   then), the system's errors
 */
export async function writeBundle(
  path: string,
  contents: BundleContents,
  { engine, images, expected, onLarge, large = largeBundle }: WriteBundleOptions,
): Promise<BundleFacts> {
  const { graph, facts } = assembleBundle(contents);
  verifyGraph(graph);
  const bytes = keptBytes(graph);
  if (bytes > large) onLarge?.(bytes);
  await writeFileWhole(path, writeModel(graph, { name: facts.name, metadata: factsToMetadata(facts) }));
  try {
    await checkBundle(path, { engine, images, expected });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return facts;
}
