/** What the first bytes of a picture say about its size, without decoding: enough to refuse one that would fill the memory. */
import { expectArguments, kinds } from "../errors/index.js";

/** Width and height in pixels, as stored (before any turning). */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A part of a picture's file: a segment of JPEG, a chunk of PNG or WebP. */
export interface PictureBlock {
  /** The four characters of a chunk, or the second byte of a JPEG marker in hexadecimal digits, "c0" to "fe". */
  readonly type: string;
  /** Where its content begins in the file. */
  readonly start: number;
  readonly content: Uint8Array;
}

/** The parts of a JPEG file up to its first scan, of a PNG or a WebP file; none of other files. Ends early where the file does. */
export function* pictureBlocks(bytes: Uint8Array): Iterable<PictureBlock> {
  expectArguments("pictureBlocks", { bytes: [bytes, kinds.bytes] });
  const view = viewOf(bytes);
  const block = (type: string, start: number, length: number): PictureBlock => ({
    type,
    start,
    content: bytes.subarray(start, start + length),
  });
  if (bytes[0] === 0xff)
    for (let at = 2; at + 4 <= bytes.length;) {
      const marker = view.getUint16(at) - 0xff00;
      // other bytes and fill bytes, then markers that stand alone
      if (marker < 0 || marker === 0xff) at++;
      else if (marker < 2 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
      else if (marker === 0xd9 || marker === 0xda) return;
      else {
        const length = Math.max(0, view.getUint16(at + 2) - 2);
        yield block(marker.toString(16), (at += 4), length);
        at += length;
      }
    }
  const riff = bytes[0] === 0x52;
  if (riff || bytes[0] === 0x89)
    for (let at = riff ? 12 : 8; at + 8 <= bytes.length;) {
      const length = view.getUint32(riff ? at + 4 : at, riff);
      const name = riff ? at : at + 4;
      yield block(String.fromCharCode(...bytes.subarray(name, name + 4)), (at += 8), length);
      // WebP fills up to an even length, PNG has a checksum
      at += length + (riff ? length & 1 : 4);
    }
}

/** The bytes as a view of numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  expectArguments("viewOf", { bytes: [bytes, kinds.bytes] });
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Size of a PNG or JPEG picture by its (first) header; undefined for others and where there is none. */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  expectArguments("pictureSize", { bytes: [bytes, kinds.bytes] });
  for (const { type, content } of pictureBlocks(bytes)) {
    if (content.length < 8) continue;
    const view = viewOf(content);
    if (type === "IHDR") return { width: view.getUint32(0), height: view.getUint32(4) };
    // C0 to CF are frames of JPEG, but for C4, C8 and CC
    if (/^c[^48c]$/.test(type)) return { height: view.getUint16(1), width: view.getUint16(3) };
  }
  return undefined;
}
