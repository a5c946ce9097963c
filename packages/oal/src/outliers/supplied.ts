/**
 * Outliers that were made elsewhere: latents of a diffusion model and outlier embeddings, as files of NumPy (.npy) or .safetensors. The
 * published latents have no labels; neither has an array alone.
 */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { oalError, readNpy, sizeOf, toNumbers, type Tensor } from "oal-core";
import { sha256OfFile } from "../data/fileHashes.js";
import { readSafetensors } from "../nn/safetensors.js";
import { notRegular } from "../runtime/notRegular.js";

/** Latents from a file. */
export interface SuppliedLatents {
  readonly path: string;
  /** Of the file's content. */
  readonly hash: string;
  readonly count: number;
  /** [channels, height, width]; one channel where their mean was taken already. */
  readonly shape: readonly [number, number, number];
  /** [count, ...shape]. */
  readonly values: Float32Array;
  /** Class of each; null where the file does not say. */
  readonly labels: Int32Array | null;
}

/** Outlier embeddings from a file. */
export interface SuppliedEmbeddings {
  readonly path: string;
  readonly hash: string;
  readonly count: number;
  readonly dimension: number;
  /** [count, dimension], of any norm. */
  readonly values: Float32Array;
  readonly labels: Int32Array | null;
}

/** Channels of a latent of Stable Diffusion, and of oal's own model. */
const latentChannels = 4;

/**
 * Latents of a file: [iterations, batch, 4, H, W], [count, 4, H, W], or with the mean over channels taken as published,
 * [iterations, batch, H, W] or [count, H, W]. A .safetensors file has them as "latents", and may have "labels" [count].
 *
 * @throws OAL-T134 for another shape or type, numbers that are not finite, or a file that cannot be read
 */
export async function readSuppliedLatents(path: string): Promise<SuppliedLatents> {
  const { tensor, labels } = await readArray(path, "latents");
  const { shape } = tensor;
  const spatial = shape.slice(-2);
  const before = shape.slice(0, -2);
  const hasChannels = shape.length === 5 || (shape.length === 4 && shape[1] === latentChannels);
  const channels = hasChannels ? (before.pop() ?? 0) : 1;
  const count = sizeOf(before);
  const [height = 0, width = 0] = spatial;
  if (before.length < 1 || before.length > 2 || channels * height * width * count === 0)
    throw refused(
      path,
      `latents have shape [${shape.join(", ")}], not [iterations, batch, 4, H, W], [count, 4, H, W], [iterations, batch, H, W] or [count, H, W]`,
    );
  return {
    path,
    hash: await sha256OfFile(path),
    count,
    shape: [channels, height, width],
    values: finite(path, tensor),
    labels: labelsOf(path, labels, count),
  };
}

/**
 * Outlier embeddings of a file: [classes, per class, D], whose first axis is the class, or [count, D]. A .safetensors file has them as
 * "embeddings", and may have "labels" [count].
 *
 * @throws OAL-T134 as {@link readSuppliedLatents}
 */
export async function readSuppliedEmbeddings(path: string): Promise<SuppliedEmbeddings> {
  const { tensor, labels } = await readArray(path, "embeddings");
  const { shape } = tensor;
  const dimension = shape.at(-1) ?? 0;
  const before = shape.slice(0, -1);
  const count = sizeOf(before);
  if (before.length < 1 || before.length > 2 || count * dimension === 0)
    throw refused(
      path,
      `embeddings have shape [${shape.join(", ")}], not [classes, per class, D] or [count, D]`,
    );
  const [, perClass = 1] = before;
  const byAxis =
    before.length === 2 ? Int32Array.from({ length: count }, (_, i) => Math.floor(i / perClass)) : null;
  return {
    path,
    hash: await sha256OfFile(path),
    count,
    dimension,
    values: finite(path, tensor),
    labels: labelsOf(path, labels, count) ?? byAxis,
  };
}

async function readArray(
  path: string,
  name: string,
): Promise<{ readonly tensor: Tensor; readonly labels: Tensor | undefined }> {
  if (extname(path).toLowerCase() !== ".safetensors") {
    let bytes: Uint8Array;
    const problem = existsSync(path) ? notRegular(statSync(path)) : undefined;
    if (problem !== undefined) throw refused(path, problem);
    try {
      bytes = await readFile(path);
    } catch (cause) {
      throw refused(path, cause instanceof Error ? cause.message : String(cause), cause);
    }
    return { tensor: readNpy(bytes, path), labels: undefined };
  }
  const { tensors } = await readSafetensors(path);
  const tensor = tensors.get(name);
  if (!tensor)
    throw refused(path, `it has no tensor "${name}" (it has ${[...tensors.keys()].join(", ") || "none"})`);
  return { tensor, labels: tensors.get("labels") };
}

function finite(path: string, { dtype, data }: Tensor): Float32Array {
  if (!(data instanceof Float32Array || data instanceof Float64Array))
    throw refused(path, `its numbers are ${dtype}, not float32 or float64`);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw refused(path, `number ${bad} is ${data[bad]}`);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

function labelsOf(path: string, labels: Tensor | undefined, count: number): Int32Array | null {
  if (!labels) return null;
  if (labels.shape.join() !== String(count))
    throw refused(path, `"labels" has shape [${labels.shape.join(", ")}] for ${count} outliers`);
  return Int32Array.from(toNumbers(labels));
}

function refused(path: string, problem: string, cause?: unknown): Error {
  return oalError("OAL-T134", { path, problem }, cause);
}
