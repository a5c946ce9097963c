/** The size of pictures that a model takes, for who only wants to know that before anything else. */
import { readFileSync } from "node:fs";
import { examineModel, readModel } from "oal-core";
import { onnxFileOf } from "./load.js";

/**
 * The side in pixels of the square pictures of a model.
 *
 * @returns undefined where the file leaves it open, or cannot be read: whoever loads it tells why
 */
export function pictureSizeOf(path: string): number | undefined {
  try {
    const external = (_location: string, _offset: number, length: number): Uint8Array =>
      new Uint8Array(length);
    const { input } = examineModel(readModel(readFileSync(onnxFileOf(path)), { external }));
    return input.height !== null && input.height === input.width ? input.height : undefined;
  } catch {
    return undefined;
  }
}
