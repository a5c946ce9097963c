/** Writer of numpy's `.npz`: a zip archive of stored `.npy` members, as `numpy.savez` makes it. */
import { crc32 } from "node:zlib";

/** A list of numbers as a member. */
export type NpzList = Float32Array | Float64Array | BigInt64Array;

/** Bytes of a local header, of an entry of the directory and of the directory's end, before names. */
const headers = { local: 30, entry: 46, end: 22 } as const;
/** 1 January 1980 in the directory's form: files of equal content are equal. */
const noDate = 0x0021;

/**
 * The bytes of an archive of lists.
 *
 * @param members  by name without ending; less than 4 GiB together, the most that a zip archive without its larger form holds
 * @source numpy.lib.format (version 1.0: the header ends on a multiple of 64 bytes) and PKWARE's APPNOTE 6.3.3
 */
export function npzBytes(members: Readonly<Record<string, NpzList>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, list] of Object.entries(members)) {
    const file = Buffer.from(`${name}.npy`);
    const body = npyBytes(list);
    // version needed, flags, method (stored), time, date, checksum, packed size, size, length of the name, length of the rest
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(noDate, 8);
    common.writeUInt32LE(crc32(body), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(file.length, 22);
    parts.push(Buffer.from("PK\x03\x04", "latin1"), common, file, body);
    const entry = Buffer.alloc(headers.entry);
    entry.write("PK\x01\x02", "latin1");
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, file);
    at += headers.local + file.length + body.length;
  }
  const end = Buffer.alloc(headers.end);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(
    directory.reduce((sum, part) => sum + part.length, 0),
    12,
  );
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** numpy's names of the element types. */
function descriptorOf(list: NpzList): string {
  if (list instanceof Float32Array) return "<f4";
  return list instanceof Float64Array ? "<f8" : "<i8";
}

function npyBytes(list: NpzList): Buffer {
  const text = `{'descr': '${descriptorOf(list)}', 'fortran_order': False, 'shape': (${list.length},), }`;
  const start = 10;
  const header = `${text.padEnd(64 * Math.ceil((start + text.length + 1) / 64) - start - 1)}\n`;
  const begin = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  begin.writeUInt16LE(header.length, 8);
  return Buffer.concat([
    begin,
    Buffer.from(header, "latin1"),
    Buffer.from(list.buffer, list.byteOffset, list.byteLength),
  ]);
}
