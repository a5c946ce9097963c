/** For tests only: an array as NumPy writes it. */
import type { Tensor } from "oal-core";

/** The .npy file of a float32 tensor. */
export function npyBytes({ shape, data }: Tensor): Buffer {
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${extents}), }`;
  const padded = `${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`;
  const length = Buffer.from([padded.length & 255, padded.length >> 8]);
  const values = Buffer.from(Float32Array.from(data, Number).buffer);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\0", "latin1"), length, Buffer.from(padded), values]);
}
