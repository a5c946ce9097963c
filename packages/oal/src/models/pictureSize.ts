/** The size of pictures that a model takes, for who only wants to know that before anything else. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { examineModel, readModel } from "oal-core";
import { modelFileAt } from "./modelFileAt.js";
import { isWeightsFile, weightsPictureSize } from "./weightsModel.js";

/**
 * The side in pixels of the square pictures of a model.
 *
 * @returns undefined where the file leaves it open, or cannot be read: whoever loads it tells why
 */
export function pictureSizeOf(path: string): number | undefined {
  try {
    const external = (_location: string, _offset: number, length: number): Uint8Array =>
      new Uint8Array(length);
    const file = modelFileOf(path);
    if (isWeightsFile(file)) return weightsPictureSize(file);
    const { input } = examineModel(readModel(readFileSync(file), { external }));
    return input.height !== null && input.height === input.width ? input.height : undefined;
  } catch {
    return undefined;
  }
}

/** The models of a run take pictures of one size. */
function modelFileOf(path: string): string {
  const models = join(path, "models");
  if (!existsSync(join(path, "run.json")) || !existsSync(models)) return modelFileAt(path);
  const [first] = readdirSync(models).filter((name) => name.endsWith(".onnx"));
  return first === undefined ? path : join(models, first);
}
