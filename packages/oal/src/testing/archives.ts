/** Tar and zip archives made byte by byte, so that a test can have members and faults that no ordinary packer writes. */
import { crc32, deflateRawSync } from "node:zlib";

/** A member of a tar archive. */
export interface TarMember {
  /** At most 100 bytes; longer names take a `pax` record or a member of type "L" before. */
  readonly name: string | Uint8Array;
  /** Type flag. Default "0", a file. */
  readonly type?: string;
  readonly body?: string | Uint8Array;
  /** Target of a link. */
  readonly target?: string;
  /** Size in the header. Default: that of the body. */
  readonly size?: number;
  readonly prefix?: string;
  /** Records of an extended header that is put before the member. */
  readonly pax?: Readonly<Record<string, string>>;
}

const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);

function tarHeader(member: TarMember, size: number): Buffer {
  const header = Buffer.alloc(512);
  Buffer.from(member.name).copy(header, 0, 0, 100);
  header.write(["0000644", "0000000", "0000000", ""].join("\0"), 100);
  header.write(`${(member.size ?? size).toString(8).padStart(11, "0")}\0`, 124);
  header.write(`${"0".repeat(11)}\0${" ".repeat(8)}`, 136);
  header.write(member.type ?? "0", 156);
  header.write(member.target ?? "", 157);
  header.write("ustar\u000000", 257);
  header.write(member.prefix ?? "", 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** The text of an extended header. */
export function paxText(records: Readonly<Record<string, string>>): string {
  return Object.entries(records)
    .map(([key, value]) => {
      const rest = Buffer.byteLength(` ${key}=${value}\n`);
      let length = rest + String(rest).length;
      length = rest + String(length).length;
      return `${length} ${key}=${value}\n`;
    })
    .join("");
}

/** Members of a tar archive without its end mark. */
export function tarBody(members: readonly TarMember[]): Buffer {
  const parts: Buffer[] = [];
  for (const member of members) {
    if (member.pax) {
      const text = Buffer.from(paxText(member.pax));
      parts.push(tarHeader({ name: "PaxHeader", type: "x" }, text.length), padded(text));
    }
    const body = Buffer.from(member.body ?? "");
    parts.push(tarHeader(member, body.length), padded(body));
  }
  return Buffer.concat(parts);
}

/** A tar archive. */
export function tarBytes(members: readonly TarMember[]): Buffer {
  return Buffer.concat([tarBody(members), Buffer.alloc(1024)]);
}

/** A member of a zip archive. */
export interface ZipMember {
  readonly name: string | Uint8Array;
  readonly body?: string | Uint8Array;
  /** 8 (default): deflated; 0: stored; anything else claims a method without using it. */
  readonly method?: number;
  /** General purpose flags; 0x800 says that the name is UTF-8, 1 that the member is encrypted. */
  readonly flags?: number;
  /** Unix mode, such as 0o120777 for a symbolic link. Default: none, made by MS-DOS. */
  readonly mode?: number;
  /** Extra fields of the directory. */
  readonly extra?: Uint8Array;
  /** The size that the directory states. Default: the body's. */
  readonly size?: number;
  readonly crc?: number;
}

/** How a zip archive's end differs from the usual. */
export interface ZipEnd {
  readonly comment?: string;
  /** Bytes before the archive that its offsets do not count. */
  readonly before?: Uint8Array;
  /** Writes counts, sizes and offsets in the records of zip64. */
  readonly zip64?: boolean;
  readonly disk?: number;
}

const LARGE = 0xffffffff;

function zip64Extra(...values: number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, i) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
  return extra;
}

/** A zip archive. */
export function zipBytes(members: readonly ZipMember[], end: ZipEnd = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const body = Buffer.from(member.body ?? "");
    const method = member.method ?? 8;
    const packed = method === 8 ? deflateRawSync(body) : body;
    const name = Buffer.from(member.name);
    const size = member.size ?? body.length;
    const extra = Buffer.concat([
      end.zip64 ? zip64Extra(size, packed.length, offset) : Buffer.alloc(0),
      member.extra ?? Buffer.alloc(0),
    ]);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(member.flags ?? 0, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(member.crc ?? crc32(body), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    parts.push(Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]));
    const listed = Buffer.from(common);
    if (end.zip64) listed.fill(0xff, 14, 22);
    listed.writeUInt16LE(extra.length, 24);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(member.mode === undefined ? 0 : (member.mode << 16) >>> 0, 6);
    tail.writeUInt32LE(end.zip64 ? LARGE : offset, 10);
    const madeBy = Buffer.from([20, member.mode === undefined ? 0 : 3]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, listed, tail, name, extra]));
    offset += parts.at(-1)?.length ?? 0;
  }
  const central = Buffer.concat(directory);
  const records = Buffer.alloc(end.zip64 ? 76 : 0);
  if (end.zip64) {
    records.write("PK\x06\x06", "latin1");
    records.writeBigUInt64LE(44n, 4);
    records.writeBigUInt64LE(BigInt(members.length), 24);
    records.writeBigUInt64LE(BigInt(members.length), 32);
    records.writeBigUInt64LE(BigInt(central.length), 40);
    records.writeBigUInt64LE(BigInt(offset), 48);
    records.write("PK\x06\x07", 56, "latin1");
    records.writeBigUInt64LE(BigInt(offset + central.length), 64);
    records.writeUInt32LE(1, 72);
  }
  const comment = Buffer.from(end.comment ?? "");
  const last = Buffer.alloc(22);
  last.write("PK\x05\x06", "latin1");
  last.writeUInt16LE(end.disk ?? 0, 4);
  last.writeUInt16LE(end.zip64 ? 0xffff : members.length, 8);
  last.writeUInt16LE(end.zip64 ? 0xffff : members.length, 10);
  last.writeUInt32LE(end.zip64 ? LARGE : central.length, 12);
  last.writeUInt32LE(end.zip64 ? LARGE : offset, 16);
  last.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end.before ?? Buffer.alloc(0), ...parts, central, records, last, comment]);
}
