/** Tensors of artifacts: one that is missing is an error, because an empty one in its place would train on nothing. */
import { float32Data, oalError, toNumbers, type Tensor } from "oal-core";
import { readSafetensors } from "../../nn/safetensors.js";
import { openSafetensorsRows } from "../../nn/safetensorsRows.js";
import type { LabelledRows } from "../../training/side/rows.js";

type Tensors = ReadonlyMap<string, Tensor>;

/** @throws OAL-I111 when it is missing */
export function stored(tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw oalError("OAL-I111", { name, problem: "missing" });
  return tensor;
}

/** The numbers of a float32 tensor. @throws OAL-I111 when it is missing */
export function floats(tensors: Tensors, name: string): Float32Array {
  return float32Data(stored(tensors, name), name);
}

/** The second side of a matrix. @throws OAL-I111 when it is missing */
export function widthOf(tensors: Tensors, name: string): number {
  return stored(tensors, name).shape[1] ?? 0;
}

/** A matrix of a file, left there, with the labels of its rows in "labels". @throws OAL-I111 when one is missing */
export async function rowsOf(path: string, name: string): Promise<LabelledRows> {
  const { tensors } = await readSafetensors(path, ["labels"]);
  const labels = Int32Array.from(toNumbers(stored(tensors, "labels")));
  return { rows: openSafetensorsRows(path, name), labels };
}
