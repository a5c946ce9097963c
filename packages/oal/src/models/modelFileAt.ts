/** Which file a model's path stands for. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { isHubName } from "../hub/name.js";
import { hubSnapshot } from "../hub/snapshot.js";
import { notRegular } from "../runtime/notRegular.js";

/**
 * The file that a path stands for: itself, the model of a folder, or that of "hf:OWNER/NAME[@REVISION]".
 *
 * @throws OAL-D101, OAL-I155 where there is none, OAL-I112 for a pipe or a device, OAL-D162 for a hub model that is not on this machine
 */
export function modelFileAt(given: string): string {
  const path = isHubName(given) ? hubSnapshot(given) : given;
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw oalError("OAL-D101", { path });
  if (!found.isDirectory()) {
    const problem = notRegular(found);
    if (problem !== undefined) throw oalError("OAL-I112", { path, problem });
    return path;
  }
  const weights = existsSync(join(path, usualWeights)) ? usualWeights : undefined;
  const name = usualFiles.find((each) => existsSync(join(path, each))) ?? onlyFile(path) ?? weights;
  if (name === undefined)
    throw oalError("OAL-I155", { path, wanted: ["run.json", ...usualFiles, usualWeights] });
  return join(path, name);
}

/** Where hubs keep the model of a folder, the likeliest first. */
const usualFiles = ["onnx/model.onnx", "model.onnx"];
/** Where they keep weights alone. */
const usualWeights = "model.safetensors";

/** The ONNX file of a folder that has one, in it or in its folder onnx: a hub's model of which another form was fetched. */
function onlyFile(path: string): string | undefined {
  const found = ["", "onnx"].flatMap((folder) => {
    const own = join(path, folder);
    const names = existsSync(own) ? readdirSync(own) : [];
    return names.filter((name) => name.endsWith(".onnx")).map((name) => join(folder, name));
  });
  return found.length === 1 ? found[0] : undefined;
}
