/** What a bundle says of itself, and whether it is still what was written. */
import { existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { dataFilesOf, oalError } from "oal-core";
import { sha256OfFile } from "../data/fileHashes.js";
import { problemOf } from "../data/pictures/folderWalk.js";
import { checksumLength } from "../runtime/modelFile.js";
import {
  bundleFormat,
  checksumKeys,
  factsFromMetadata,
  type BundleFacts,
  type StoredDetector,
} from "./facts.js";
import { OnnxProblem, readOnnxMetadata } from "./onnxMetadata.js";

/** How a bundle is read. */
export interface ReadBundleOptions {
  /**
   * Whether its files are read through, so that a changed byte anywhere is noticed; without, only what it says of itself is read.
   * Default true.
   */
  readonly verify?: boolean;
}

/**
 * The facts of a bundle.
 *
 * @throws OAL-I112 when the file cannot be read, OAL-I143 when it is no bundle, OAL-I144 when another version of oal wrote it, OAL-I103
 *   when it or the file of its weights is damaged, by the name of that file
 * @cost its files are read and hashed once, 1 GB in about a second; a few milliseconds without `verify`
 */
export async function readBundle(
  path: string,
  { verify = true }: ReadBundleOptions = {},
): Promise<BundleFacts> {
  const metadata = await readOnnxMetadata(path).catch((error: unknown) => {
    const problem = problemOf(error);
    if (!(error instanceof OnnxProblem)) throw oalError("OAL-I112", { path, problem }, error);
    throw problem === "it is no ONNX model"
      ? oalError("OAL-I143", { path, problem }, error)
      : oalError("OAL-I103", { path, problem }, error);
  });
  const facts = factsFromMetadata(metadata);
  if (facts === null)
    throw oalError("OAL-I143", { path, problem: "it is an ONNX model without detector and decision" });
  if ("otherFormat" in facts)
    throw oalError("OAL-I144", { path, found: facts.otherFormat, wanted: String(bundleFormat) });
  if ("problem" in facts) throw oalError("OAL-I103", { path, problem: facts.problem });
  if (verify) await refuseChanged(path, await endOf(path));
  const weights = metadata.get(checksumKeys.weights);
  if (weights !== undefined) await refuseChangedWeights(path, verify ? weights : null);
  return facts;
}

/** The last bytes of a file, where a bundle has its checksum. */
async function endOf(path: string): Promise<string> {
  const { size } = await stat(path);
  const handle = await open(path);
  try {
    const end = Buffer.alloc(checksumLength);
    await handle.read(end, 0, checksumLength, Math.max(0, size - checksumLength));
    return end.toString("latin1");
  } finally {
    await handle.close();
  }
}

async function refuseChanged(path: string, checksum: string): Promise<void> {
  const length = Math.max(0, (await stat(path)).size - checksumLength);
  if ((await sha256OfFile(path, { length })) === checksum) return;
  throw oalError("OAL-I103", { path, problem: "its content has changed since it was written" });
}

/** A bundle with its weights beside it is small: it is read for the names of their files. */
async function refuseChangedWeights(path: string, checksum: string | null): Promise<void> {
  for (const name of dataFilesOf(await readFile(path))) {
    const file = join(dirname(path), name);
    if (!existsSync(file))
      throw oalError("OAL-I103", { path, problem: `its weights, ${name}, are not in the folder with it` });
    if (checksum !== null && (await sha256OfFile(file)) !== checksum)
      throw oalError("OAL-I103", { path: file, problem: "its content has changed since it was written" });
  }
}

/**
 * A detector of a bundle.
 *
 * @param asked its id; default: the one that decides
 * @throws OAL-E214 for one that the bundle does not hold
 */
export function storedDetector({ detectors, decides }: BundleFacts, asked = decides): StoredDetector {
  const found = detectors.find(({ id }) => id === asked);
  if (found) return found;
  throw oalError("OAL-E214", { detector: asked, known: detectors.map(({ id }) => id) });
}
