/**
 * Latents that a stopped synthesis left behind: a file for every batch, so that what is made again is what was never finished, with the
 * same bits.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { float32Data, float32Tensor } from "oal-core";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.js";
import { makeFolder } from "../runtime/makeFolder.js";

/** Where finished batches are kept. */
export interface KeptLatents {
  /** The latents of a batch, as many numbers as it has; null when it was not finished. */
  read(batch: number, length: number): Promise<Float32Array | null>;
  write(batch: number, latents: Float32Array): Promise<void>;
}

/**
 * Keeps batches in a folder, each whole or not at all. The folder is that of one task: nothing tells the latents of another apart.
 */
export function latentsInFolder(folder: string): KeptLatents {
  const path = (batch: number): string => join(folder, `${String(batch).padStart(6, "0")}.safetensors`);
  return {
    read: async (batch, length) => {
      if (!existsSync(path(batch))) return null;
      const found = (await readSafetensors(path(batch))).tensors.get("latents");
      return found?.data.length === length ? float32Data(found) : null;
    },
    write: async (batch, latents) => {
      await makeFolder(folder);
      await writeSafetensors(path(batch), new Map([["latents", float32Tensor([latents.length], latents)]]));
    },
  };
}
