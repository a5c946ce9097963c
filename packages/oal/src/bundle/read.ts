/** What a bundle says of itself, read without its weights. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { oalError } from "oal-core";
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
  const weights = metadata.get(weightsKey);
  if (weights !== undefined && !existsSync(join(dirname(path), weights)))
    throw oalError("OAL-I103", { path, problem: `its weights, ${weights}, are not in the folder with it` });
  return facts;
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
