/** Tensors of safetensors files row by row: of what is as long as a data set, memory holds the rows in use. */
import { closeSync, openSync, readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import {
  isOalError,
  oalError,
  sizeOf,
  type RowSource,
  type Shape,
  type Tensor,
  type TensorData,
} from "oal-core";
import { writeFileWhole } from "../runtime/writeFile.js";
import { messageOf, safetensorsHead, safetensorsHeadOf } from "./safetensors.js";

/** Rows that lie in a file, which is open until they are closed. */
export interface FileRows extends RowSource {
  close(): void;
}

/**
 * A float32 tensor [count, ...] of a file, its rows flat.
 *
 * @returns rows that are valid until the next call of `read`
 * @throws OAL-I112 when the file cannot be opened, OAL-I103 when its head is none or contradicts the file, OAL-I111 for a tensor that is
 *   not there or not of float32
 */
export function openSafetensorsRows(path: string, name: string): FileRows {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw oalError("OAL-I112", { path, problem: messageOf(cause) }, cause);
  }
  try {
    const { entries, start: data } = safetensorsHead(file, path);
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry === undefined) throw oalError("OAL-I111", { name, problem: "missing" });
    if (entry.dtype !== "F32")
      throw oalError("OAL-I111", { name, problem: `of type ${entry.dtype}, not F32` });
    const [count = 0, ...rest] = entry.shape;
    const width = sizeOf(rest);
    const start = data + entry.data_offsets[0];
    let buffer = new Float32Array(width);
    return {
      count,
      width,
      read: (first, end) => {
        const length = (end - first) * width;
        if (buffer.length < length) buffer = new Float32Array(length);
        const rows = buffer.subarray(0, length);
        if (readSync(file, rows, 0, rows.byteLength, start + 4 * first * width) !== rows.byteLength)
          throw oalError("OAL-I103", { path, problem: `tensor ${name} ends before row ${end}` });
        return rows;
      },
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Takes the next rows of a tensor, flat. */
export type AppendRows = (name: string, rows: Float32Array) => Promise<void>;

/**
 * Writes float32 tensors whose rows come one after the other, whole or not at all; the file is the one that `writeSafetensors` makes of
 * the same tensors.
 *
 * @param shapes of the tensors by name, in their order in the file
 * @param fill hands over all rows of all of them; those of one tensor in order
 * @param others tensors behind them, of any type, as they are
 * @throws OAL-I101 when the file cannot be written; what `fill` throws
 */
export async function writeSafetensorsRows(
  path: string,
  shapes: ReadonlyMap<string, Shape>,
  fill: (append: AppendRows) => Promise<void>,
  others: ReadonlyMap<string, Tensor> = new Map(),
): Promise<void> {
  const { bytes, offsets } = safetensorsHeadOf([
    ...[...shapes].map(([name, shape]) => ({
      name,
      dtype: "float32" as const,
      shape,
      bytes: 4 * sizeOf(shape),
    })),
    ...[...others].map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: data.byteLength })),
  ]);
  const at = new Map(offsets);
  const outcome = { isFillToBlame: false };
  const complete = async (_aside: string, handle: FileHandle): Promise<void> => {
    outcome.isFillToBlame = true;
    await fill(async (name, rows) => {
      const position = at.get(name) ?? 0;
      outcome.isFillToBlame = false;
      await writeAt(handle, rows, position);
      outcome.isFillToBlame = true;
      at.set(name, position + rows.byteLength);
    });
    outcome.isFillToBlame = false;
    for (const [name, shape] of shapes) {
      const missing = (offsets.get(name) ?? 0) + 4 * sizeOf(shape) - (at.get(name) ?? 0);
      if (missing !== 0)
        throw oalError("OAL-X101", { problem: `${missing} bytes of tensor ${name} were not given` });
    }
    for (const [name, { data }] of others) await writeAt(handle, data, offsets.get(name) ?? 0);
  };
  try {
    await writeFileWhole(path, bytes, complete);
  } catch (cause) {
    if (outcome.isFillToBlame || isOalError(cause)) throw cause;
    throw oalError("OAL-I101", { path, problem: messageOf(cause) }, cause);
  }
}

async function writeAt(handle: FileHandle, data: TensorData, position: number): Promise<void> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
