/** What the first bytes of a picture say about its size, without decoding: enough to refuse one that would fill the memory. */
import { expectArguments, kinds } from "../errors/index.js";

/** Width and height in pixels, as stored (before any turning). */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A marker segment of a JPEG file, without its marker and length. */
export interface JpegSegment {
  /** Second byte of the marker, 0xC0 to 0xFE. */
  readonly marker: number;
  readonly content: Uint8Array;
}

/** The segments of a JPEG file up to its first scan; ends early where the file does. */
export function* jpegSegments(bytes: Uint8Array): Iterable<JpegSegment> {
  expectArguments("jpegSegments", { bytes: [bytes, kinds.bytes] });
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1] ?? 0;
    // fill bytes, and markers that stand alone
    if (marker === 0xff || marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    yield { marker, content: bytes.subarray(at + 4, at + 2 + Math.max(2, length)) };
    at += 2 + Math.max(2, length);
  }
}

/** A chunk of a PNG file. */
export interface PngChunk {
  readonly type: string;
  readonly content: Uint8Array;
}

/** The chunks of a PNG file; ends early where the file does. */
export function* pngChunks(bytes: Uint8Array): Iterable<PngChunk> {
  expectArguments("pngChunks", { bytes: [bytes, kinds.bytes] });
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    yield { type, content: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** The bytes as a view of numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  expectArguments("viewOf", { bytes: [bytes, kinds.bytes] });
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const notFrames = [0xc4, 0xc8, 0xcc];

/** Size of a JPEG image by its first frame header; undefined when there is none. */
export function jpegSize(bytes: Uint8Array): PictureSize | undefined {
  expectArguments("jpegSize", { bytes: [bytes, kinds.bytes] });
  for (const { marker, content } of jpegSegments(bytes)) {
    if (marker < 0xc0 || marker > 0xcf || notFrames.includes(marker) || content.length < 5) continue;
    const view = viewOf(content);
    return { height: view.getUint16(1), width: view.getUint16(3) };
  }
  return undefined;
}

/** Size of a PNG image by its IHDR chunk; undefined when the file does not begin with one. */
export function pngSize(bytes: Uint8Array): PictureSize | undefined {
  expectArguments("pngSize", { bytes: [bytes, kinds.bytes] });
  const [first] = pngChunks(bytes);
  if (first?.type !== "IHDR" || first.content.length < 8) return undefined;
  const view = viewOf(first.content);
  return { width: view.getUint32(0), height: view.getUint32(4) };
}
