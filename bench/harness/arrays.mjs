// Arrays that both sides of a comparison read: the same weights, the same batch. One file of bytes, one that says where each array lies.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes arrays by name.
 *
 * @param arrays name -> { dtype, shape, data }
 * @param facts anything else the contestants need, as JSON
 */
export function writeArrays(folder, arrays, facts = {}) {
  const entries = [];
  const parts = [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(arrays)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    entries.push({ name, dtype, shape, offset, bytes: bytes.length });
    const padding = (8 - (bytes.length % 8)) % 8;
    parts.push(bytes, new Uint8Array(padding));
    offset += bytes.length + padding;
  }
  writeFileSync(join(folder, "arrays.bin"), Buffer.concat(parts));
  writeFileSync(join(folder, "arrays.json"), JSON.stringify({ entries, facts }));
}
