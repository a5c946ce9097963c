/**
 * Windows bitmaps (BMP) to RGB, as Pillow's `convert("RGB")` reads them: 1, 4, 8, 16, 24 and 32 bits, run lengths of 4 and 8 bits, bit
 * masks, both directions of rows, headers of OS/2 and of Windows. Alpha is dropped.
 */
import { viewOf, type PictureSize, type RgbImage } from "oal-core";

const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BIT_FIELDS = 3;

/** What a bitmap's headers say. */
interface BitmapHeader extends PictureSize {
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels begin. */
  readonly start: number;
  /** Where the palette begins, its entries and the bytes of each. */
  readonly palette: { readonly at: number; readonly colours: number; readonly entry: 3 | 4 };
}

/** Headers of a file that begins as a bitmap. Throws an Error with the reason. */
function headerOf(bytes: Uint8Array): BitmapHeader {
  const view = viewOf(bytes);
  if (bytes.length < 26) throw new Error("truncated BMP image");
  const size = view.getUint32(14, true);
  const start = view.getUint32(10, true);
  if (size === 12) {
    const bits = view.getUint16(24, true);
    return {
      width: view.getUint16(18, true),
      height: view.getUint16(20, true),
      topDown: false,
      bits,
      compression: RGB,
      start,
      palette: { at: 26, colours: bits <= 8 ? 2 ** bits : 0, entry: 3 },
    };
  }
  if (bytes.length < 14 + Math.max(size, 16)) throw new Error("truncated BMP image");
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = size >= 40 ? view.getUint32(30, true) : RGB;
  const used = size >= 40 ? view.getUint32(46, true) : 0;
  const most = bits <= 8 ? 2 ** bits : 0;
  const masks = size === 40 && compression === BIT_FIELDS ? 12 : 0;
  return {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    topDown: height < 0,
    bits,
    compression,
    start,
    palette: { at: 14 + size + masks, colours: used === 0 ? most : Math.min(used, most), entry: 4 },
  };
}

/** Size of a bitmap by its header; undefined when the header is cut off. */
export function bitmapSize(bytes: Uint8Array): PictureSize | undefined {
  try {
    const { width, height } = headerOf(bytes);
    return { width, height };
  } catch {
    return undefined;
  }
}

/**
 * Decodes a bitmap.
 *
 * @param bytes  the file, beginning with "BM"; its size must have been found bearable before
 * @throws Error with the reason as its message
 */
export function decodeBitmap(bytes: Uint8Array): RgbImage {
  const header = headerOf(bytes);
  const { width, height, bits, compression } = header;
  if (width < 1 || height < 1) throw new Error("a BMP image without pixels");
  const packed =
    (compression === RLE8 && bits === 8) || (compression === RLE4 && bits === 4 && !header.topDown);
  const masked = compression === BIT_FIELDS && (bits === 16 || bits === 32);
  if (![1, 4, 8, 16, 24, 32].includes(bits) || !(compression === RGB || packed || masked))
    throw new Error(`a BMP image of ${bits} bits with compression ${compression}, which is not read`);
  const data = new Uint8Array(width * height * 3);
  if (packed) fillIndexed(unpack(bytes, header), 8, width, header, bytes, data);
  else if (bits <= 8) fillIndexed(pixelBytes(bytes, header), bits, stride(header), header, bytes, data);
  else fillDirect(pixelBytes(bytes, header), header, bytes, data);
  return { width, height, data };
}

/** Bytes of a stored row, a multiple of four. */
function stride({ width, bits }: BitmapHeader): number {
  return Math.ceil((width * bits) / 32) * 4;
}

function pixelBytes(bytes: Uint8Array, header: BitmapHeader): Uint8Array {
  const { width, height, bits, start } = header;
  // the padding of the last row may be missing
  if (start + stride(header) * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length)
    throw new Error("truncated BMP image");
  return bytes.subarray(start);
}

/** First byte in the output of stored row `row`. */
function rowStart({ width, height, topDown }: BitmapHeader, row: number): number {
  return 3 * width * (topDown ? row : height - 1 - row);
}

/** Writes pixels that are `bits` wide indices into the palette, rows `step` bytes apart. */
function fillIndexed(
  pixels: Uint8Array,
  bits: number,
  step: number,
  header: BitmapHeader,
  file: Uint8Array,
  out: Uint8Array,
): void {
  const { at, colours, entry } = header.palette;
  if (at + colours * entry > file.length) throw new Error("truncated BMP image");
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let row = 0; row < header.height; row++) {
    let to = rowStart(header, row);
    for (let x = 0; x < header.width; x++, to += 3) {
      const byte = pixels[row * step + Math.floor(x / perByte)] ?? 0;
      const index = (byte >> (bits * (perByte - 1 - (x % perByte)))) & mask;
      // an index beyond the palette is black
      const from = at + entry * index;
      if (index >= colours) continue;
      out[to] = file[from + 2] ?? 0;
      out[to + 1] = file[from + 1] ?? 0;
      out[to + 2] = file[from] ?? 0;
    }
  }
}

/** A colour's bits within a pixel: where they begin, and the largest value. */
interface Channel {
  readonly shift: number;
  readonly most: number;
}

function channelOf(mask: number): Channel {
  if (mask === 0) return { shift: 0, most: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  return { shift, most: mask >>> shift };
}

/** Red, green and blue of 16 and 32 bits. */
function channelsOf({ bits, compression }: BitmapHeader, file: Uint8Array): [Channel, Channel, Channel] {
  if (compression !== BIT_FIELDS)
    return bits === 16
      ? [channelOf(0x7c00), channelOf(0x3e0), channelOf(0x1f)]
      : [channelOf(0xff0000), channelOf(0xff00), channelOf(0xff)];
  if (file.length < 66) throw new Error("truncated BMP image");
  const view = viewOf(file);
  return [
    channelOf(view.getUint32(54, true)),
    channelOf(view.getUint32(58, true)),
    channelOf(view.getUint32(62, true)),
  ];
}

function fillDirect(pixels: Uint8Array, header: BitmapHeader, file: Uint8Array, out: Uint8Array): void {
  const { width, height, bits } = header;
  const channels = bits === 24 ? undefined : channelsOf(header, file);
  const view = viewOf(pixels);
  const step = stride(header);
  for (let row = 0; row < height; row++) {
    let to = rowStart(header, row);
    for (let x = 0; x < width; x++, to += 3) {
      const from = row * step + (x * bits) / 8;
      if (channels === undefined) {
        for (let channel = 0; channel < 3; channel++) out[to + channel] = pixels[from + 2 - channel] ?? 0;
        continue;
      }
      const value = bits === 16 ? view.getUint16(from, true) : view.getUint32(from, true);
      for (const [channel, { shift, most }] of channels.entries())
        out[to + channel] = most === 0 ? 0 : Math.floor((((value >>> shift) & most) * 255) / most);
    }
  }
}

/** Run lengths of 4 or 8 bits to one index a byte, rows as stored; pixels that are passed over stay 0. */
function unpack(bytes: Uint8Array, { width, height, bits, start }: BitmapHeader): Uint8Array {
  const indices = new Uint8Array(width * height);
  let at = start;
  let [x, y] = [0, 0];
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error("truncated BMP image");
    return byte;
  };
  const put = (index: number): void => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };
  const half = (byte: number, i: number): number => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    const count = next();
    const value = next();
    if (count > 0) for (let i = 0; i < count; i++) put(half(value, i));
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) return indices;
    else if (value === 2) [x, y] = [x + next(), y + next()];
    else {
      const length = Math.ceil((value * bits) / 8);
      for (let i = 0, byte = 0; i < value; i++) {
        if (bits === 8 || i % 2 === 0) byte = next();
        put(half(byte, i));
      }
      // runs of single pixels fill whole words
      if (length % 2 === 1) at++;
    }
  }
  return indices;
}
