/**
 * Which way up a picture is: cameras store what the sensor saw and note in EXIF how to turn it. Read as Pillow's ImageOps.exif_transpose
 * reads it: the EXIF tag, else the one in XMP; a value outside 1 to 8 means nothing.
 */
import { inflateSync } from "node:zlib";
import { pictureBlocks, viewOf, type RgbImage } from "oal-core";
import { kindOfBytes } from "./kinds.js";

/** The EXIF orientation: 1 upright, 2 mirrored, 3 half turned, 4 upside down mirrored, 5 to 8 lying. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** EXIF and XMP blocks as they lie in a file. */
interface Blocks {
  exif?: Uint8Array;
  xmp?: Uint8Array;
}

const latin1 = new TextDecoder("latin1");

function startsWith(bytes: Uint8Array, text: string): boolean {
  return latin1.decode(bytes.subarray(0, text.length)) === text;
}

const exifPrefix = "Exif\0\0";
const xmpPrefix = "http://ns.adobe.com/xap/1.0/\0";

/** Most bytes that a packed EXIF profile may unpack to; real ones have less than 64 KB. */
const MOST_PROFILE = 1 << 20;

/** ImageMagick keeps EXIF in PNG as hexadecimal digits after a name and a length, packed or not. */
function rawProfile(type: string, content: Uint8Array): Uint8Array | undefined {
  const end = content.indexOf(0);
  if (latin1.decode(content.subarray(0, Math.max(0, end))) !== "Raw profile type exif") return undefined;
  try {
    const text =
      type === "tEXt"
        ? content.subarray(end + 1)
        : inflateSync(content.subarray(end + 2), { maxOutputLength: MOST_PROFILE });
    const digits = latin1.decode(text).split("\n").slice(3).join("");
    return new Uint8Array(Buffer.from(digits, "hex"));
  } catch {
    return undefined;
  }
}

function blocksOf(bytes: Uint8Array): Blocks {
  const found: Blocks = {};
  let raw: Uint8Array | undefined;
  for (const { type, content } of pictureBlocks(bytes)) {
    if (type === "EXIF" || type === "eXIf") found.exif ??= content;
    else if (type === "e1" && startsWith(content, exifPrefix)) found.exif ??= content;
    else if (type === "e1" && startsWith(content, xmpPrefix)) found.xmp ??= content;
    else if (type === "iTXt" && startsWith(content, "XML:com.adobe.xmp\0")) found.xmp ??= content;
    else if (type === "XMP ") found.xmp ??= content;
    else if (type === "zTXt" || type === "tEXt") raw ??= rawProfile(type, content);
  }
  if (raw !== undefined) found.exif ??= raw;
  return found;
}

/** The value of tag 274 in the first directory of a TIFF structure; undefined when it has none. */
function tagOf(tiff: Uint8Array): number | undefined {
  if (tiff.length < 8) return undefined;
  const view = viewOf(tiff);
  const little = view.getUint16(0) === 0x4949;
  if ((!little && view.getUint16(0) !== 0x4d4d) || view.getUint16(2, little) !== 42) return undefined;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return undefined;
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.length) return undefined;
    if (view.getUint16(at, little) !== 0x112) continue;
    const type = view.getUint16(at + 2, little);
    if (type === 1) return view.getUint8(at + 8);
    return type === 4 ? view.getUint32(at + 8, little) : view.getUint16(at + 8, little);
  }
  return undefined;
}

function isOrientation(value: number | undefined): value is Orientation {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8;
}

/**
 * How a picture has to be turned to stand upright.
 *
 * @param bytes  a whole JPEG, PNG, WebP or TIFF file; others are upright (AVIF is turned by its decoder)
 */
export function orientationOf(bytes: Uint8Array): Orientation {
  const kind = kindOfBytes(bytes)?.id;
  const { exif, xmp }: Blocks = kind === "tiff" ? { exif: bytes } : kind ? blocksOf(bytes) : {};
  const tag =
    exif === undefined
      ? undefined
      : tagOf(startsWith(exif, exifPrefix) ? exif.subarray(exifPrefix.length) : exif);
  const written = xmp === undefined ? null : /tiff:Orientation(?:="|>)(\d)/.exec(latin1.decode(xmp));
  const value = tag ?? (written ? Number(written[1]) : undefined);
  return isOrientation(value) ? value : 1;
}

/** The picture turned upright: pixels change places and nothing else. */
export function upright(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { width, height, data } = image;
  const lying = orientation >= 5;
  // where the new picture's first pixel comes from, and the steps to its right and lower neighbours
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const start = (fromBottom ? (height - 1) * width : 0) + (fromRight ? width - 1 : 0);
  const alongRow = fromRight ? -1 : 1;
  const alongColumn = fromBottom ? -width : width;
  const [right, down] = lying ? [alongColumn, alongRow] : [alongRow, alongColumn];
  const [newWidth, newHeight] = lying ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < newHeight; y++) {
    let from = 3 * (start + y * down);
    for (let x = 0; x < newWidth; x++, to += 3, from += 3 * right) {
      out[to] = data[from] ?? 0;
      out[to + 1] = data[from + 1] ?? 0;
      out[to + 2] = data[from + 2] ?? 0;
    }
  }
  return { width: newWidth, height: newHeight, data: out };
}
