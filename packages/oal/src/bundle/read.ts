/** What a bundle says of itself, read without its weights. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { dataFilesOf, oalError } from "oal-core";
import { problemOf } from "../data/pictures/folderWalk.js";
import {
  bundleFormat,
  factsFromMetadata,
  weightsKey,
  type BundleFacts,
  type StoredDetector,
} from "./facts.js";
import { OnnxProblem, readOnnxMetadata } from "./onnxMetadata.js";

/**
 * The facts of a bundle.
 *
 * @throws OAL-I112 when the file cannot be read, OAL-I143 when it is no bundle, OAL-I144 when another version of oal wrote it, OAL-I103
 *   when it is damaged
 */
export async function readBundle(path: string): Promise<BundleFacts> {
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
  if (metadata.has(weightsKey)) await refuseWithoutWeights(path);
  return facts;
}

/** A bundle with its weights beside it is small: it is read for the names of their files. */
async function refuseWithoutWeights(path: string): Promise<void> {
  const missing = dataFilesOf(await readFile(path)).find((name) => !existsSync(join(dirname(path), name)));
  if (missing === undefined) return;
  throw oalError("OAL-I103", { path, problem: `its weights, ${missing}, are not in the folder with it` });
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
