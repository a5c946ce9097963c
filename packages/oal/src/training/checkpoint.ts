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
import { enginesIn, enginesText, type ComputedBy } from "./computedBy.js";

const pattern = /^step-(\d{9})\.safetensors$/;

/**
 * Writes the state after `step` finished steps and removes all but the latest two checkpoints up to it. Those of later steps are
 * removed too: they are damaged, for the training would have gone on from them, and the next ones must not stand behind them.
 *
 * @param training identity of the training, which only may go on from it
 * @param engines what has computed its steps
 * @throws OAL-I101 when the folder cannot be written (read-only, disk full)
 */
export async function writeCheckpoint(
  folder: string,
  step: number,
  state: ParameterStore,
  training: string,
  engines: readonly ComputedBy[],
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
    engines: enginesText(engines),
  });
  const names = listCheckpoints(folder);
  const kept = names.filter((name) => stepOf(name) <= step).slice(0, 2);
  for (const name of names) if (!kept.includes(name)) rmSync(join(folder, name), { force: true });
}

/** Finished steps of the newest checkpoint by its name; null where there is none. It may be damaged. */
export function newestStep(folder: string): number | null {
  const [name] = listCheckpoints(folder);
  return name === undefined ? null : stepOf(name);
}

/** What can be gone on from. */
export interface Checkpoint {
  /** Finished steps. */
  readonly step: number;
  readonly state: ParameterStore;
  /** What has computed them; none in a checkpoint of an older oal, which did not say. */
  readonly engines: readonly ComputedBy[];
}

/**
 * The newest checkpoint that is whole; damaged ones are skipped.
 *
 * @param training identity of the training that wants to go on
 * @returns null when there is none
 * @throws OAL-T130 when it is of another training
 */
export async function readCheckpoint(folder: string, training: string): Promise<Checkpoint | null> {
  for (const name of listCheckpoints(folder)) {
    try {
      const { tensors, metadata } = await readSafetensors(join(folder, name));
      const step = stepOf(name);
      if (metadata["step"] === String(step) && metadata["sha256"] === hashOf(tensors)) {
        const found = metadata["training"] ?? "of an older oal, which gave it no name";
        if (found !== training)
          throw oalError("OAL-T130", { path: join(folder, name), found, wanted: training });
        return { step, state: tensors, engines: enginesIn(metadata["engines"]) };
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

/** Finished steps by the name of a checkpoint. */
function stepOf(name: string): number {
  return Number(pattern.exec(name)?.[1]);
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
