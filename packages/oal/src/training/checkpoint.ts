/**
 * Checkpoints: all state of a training in one safetensors file a checkpoint, whole or not at all, the latest two kept.
 * A hash of the state lies in the file, so that changed bytes are noticed as well as missing ones.
 */
import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { OalError, oalError, type Tensor } from "oal-core";
import type { ParameterStore } from "../nn/parameters.js";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.js";
import { makeFolderSync } from "../runtime/makeFolder.js";

const pattern = /^step-(\d{9})\.safetensors$/;

/**
 * Writes the state after `step` finished steps and removes all but the latest two checkpoints.
 *
 * @param training identity of the training, which only may go on from it
 * @throws OAL-I101 when the folder cannot be written (read-only, disk full)
 */
export async function writeCheckpoint(
  folder: string,
  step: number,
  state: ParameterStore,
  training: string,
): Promise<void> {
  try {
    makeFolderSync(folder);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw oalError("OAL-I101", { path: folder, problem }, cause);
  }
  await writeSafetensors(join(folder, `step-${String(step).padStart(9, "0")}.safetensors`), state, {
    step: String(step),
    sha256: hashOf(state),
    training,
  });
  for (const name of listCheckpoints(folder).slice(2)) rmSync(join(folder, name), { force: true });
}

/** Finished steps of the newest checkpoint by its name; null where there is none. It may be damaged. */
export function newestStep(folder: string): number | null {
  const [name] = listCheckpoints(folder);
  return name === undefined ? null : Number(pattern.exec(name)?.[1]);
}

/**
 * The newest checkpoint that is whole; damaged ones are skipped.
 *
 * @param training identity of the training that wants to go on
 * @returns finished steps and state, or null when there is none
 * @throws OAL-T130 when it is of another training
 */
export async function readCheckpoint(
  folder: string,
  training: string,
): Promise<{ step: number; state: ParameterStore } | null> {
  for (const name of listCheckpoints(folder)) {
    try {
      const { tensors, metadata } = await readSafetensors(join(folder, name));
      const step = Number(pattern.exec(name)?.[1]);
      if (metadata["step"] === String(step) && metadata["sha256"] === hashOf(tensors)) {
        const found = metadata["training"] ?? "of an older oal, which gave it no name";
        if (found !== training)
          throw oalError("OAL-T130", { path: join(folder, name), found, wanted: training });
        return { step, state: tensors };
      }
    } catch (error) {
      if (!(error instanceof OalError) || error.code === "OAL-T130") throw error;
    }
  }
  return null;
}

/** SHA-256 over names and bytes of all tensors, in their order. */
function hashOf(state: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  for (const [name, { data }] of state) {
    hash.update(name).update("\0");
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** Checkpoint names, newest first. */
function listCheckpoints(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .reverse();
  } catch {
    return [];
  }
}
