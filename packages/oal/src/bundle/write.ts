/** Writing a bundle: assembled, announced where it is large, written whole or not at all, and run again. */
import {
  isOalError,
  useShiftedLogSumExp,
  verifyGraph,
  weightBytes,
  type Engine,
  type Graph,
  type SelfTest,
  type Tensor,
} from "oal-core";
import { writeModelFile } from "../runtime/modelFile.js";
import { assembleBundle, type BundleContents } from "./assemble.js";
import { checkBundle, type CheckedOutputs, type CheckOptions } from "./check.js";
import { checksumKeys, factsToMetadata, type BundleFacts } from "./facts.js";

/** Bytes from which the size of a bundle is told before it is written: 200 MB. */
const largeBundle = 200_000_000;
/** Bytes from which weights lie in a file beside the bundle: 1 GB. A file of 2 GB is more than the format can be. */
const largestFile = 1_000_000_000;

/** How a bundle is written. */
export interface WriteBundleOptions {
  readonly engine: Engine;
  /** Pictures, uint8 [N, 3, S, S] with N of at least 1, that the written file is run with. */
  readonly images: Tensor;
  /** What it must give of them, by name, as whoever measured the model has it. */
  readonly expected: CheckedOutputs;
  /** Told, before anything is written, when the bundle will have more bytes than are `large`. */
  readonly onLarge?: (bytes: number) => void;
  /** Bytes. Default 200 MB. */
  readonly large?: number;
  /** Bytes from which weights lie in a file of their own. Default 1 GB. */
  readonly outsideFrom?: number;
}

/**
 * Writes a classifier with its detectors as one ONNX file, and runs the file. Weights beyond 1 GB lie in a second file beside it,
 * whose name is its own and stands in the first one: it is copied with it, and not renamed.
 *
 * @param path ends in .onnx
 * @returns what the file says of itself
 * @throws OAL-E214, OAL-E203 as `assembleBundle`, OAL-I145 when the written file does not compute what was expected, the system's
 *   errors; what was there before stays then
 * @cost the weights are written from where they lie, hashed on the way, and those in a file of their own are run from there: beside them
 *   next to nothing is in memory. 3 GB take a second and a half longer than writing them. Weights inside the file are in memory twice
 *   while it is run
 */
export async function writeBundle(
  path: string,
  contents: BundleContents,
  options: WriteBundleOptions,
): Promise<BundleFacts> {
  const assembled = assembleBundle(contents);
  const { facts } = await writeAssembled(path, assembled.graph, assembled.facts, options);
  return facts;
}

/** A bundle as it was written. */
export interface WrittenBundle {
  /** What the file says of itself. */
  readonly facts: BundleFacts;
  /** Its path, and that of its weights where they lie beside it. */
  readonly files: readonly string[];
}

/**
 * Writes a graph with the outputs of a bundle, with sums of exponentials that overflow on no device, runs the file, adds what it said of
 * the picture of the self-test, and only then puts it in its place.
 *
 * @param images of the options: as `facts.input` says
 * @throws as {@link writeBundle}
 */
export async function writeAssembled(
  path: string,
  assembled: Graph,
  facts: BundleFacts,
  { engine, images, expected, onLarge, large = largeBundle, outsideFrom = largestFile }: WriteBundleOptions,
): Promise<WrittenBundle> {
  verifyGraph(assembled);
  // Whoever gets the file runs it on a device of theirs.
  const graph = useShiftedLogSumExp(assembled);
  const bytes = weightBytes(graph);
  if (bytes > large) onLarge?.(bytes);
  let whole = facts;
  const files = await writeModelFile(path, graph, {
    name: facts.name,
    metadata: factsToMetadata(facts),
    weightsBeside: bytes > outsideFrom,
    checksums: checksumKeys,
    async complete(aside) {
      const checked = { engine, images, expected, called: path };
      whole = { ...facts, selfTest: await checkWritten(aside, checked, bytes > large) };
      return factsToMetadata(whole);
    },
  });
  return { facts: whole, files };
}

/**
 * Preparing large weights copies all of them, and takes longer than writing them. So a large file is run as it is first; its sums are
 * then taken in another order, and only where that makes them differ by too much, the file is prepared as for its use.
 */
async function checkWritten(file: string, options: CheckOptions, isLarge: boolean): Promise<SelfTest> {
  if (isLarge)
    try {
      return await checkBundle(file, { ...options, optimization: "disabled" });
    } catch (error) {
      if (!isOalError(error, "OAL-I145")) throw error;
    }
  return checkBundle(file, options);
}
