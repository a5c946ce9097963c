/**
 * Encoded bytes to 8-bit RGB, equal to Pillow's `convert("RGB")` for JPEG, PNG and BMP: grey is repeated, alpha dropped (not blended),
 * colour profiles of RGB images ignored, the EXIF orientation applied only when asked for. JPEG and PNG go through the jSquash decoders
 * (10 to 30 times faster than sharp on small images), BMP through oal's own, everything else, CMYK and 16 bits through sharp, which
 * reduces 16 bits to their high byte and turns CMYK into sRGB by its colour profile (Pillow: naively). The first bytes decide, not the
 * name; what they do not show to be a picture reaches no decoder.
 */
import { isOalError, oalError, pictureSize, type OalError, type PictureSize, type RgbImage } from "oal-core";
import { bitmapSize, decodeBitmap } from "./pictures/bitmap.js";
import { problemOf } from "./pictures/folderWalk.js";
import { decodeJpeg } from "./pictures/jpegDecoder.js";
import { headLength, kindOfBytes } from "./pictures/kinds.js";
import { defaultMaxPixels } from "./pictures/limits.js";
import { orientationOf, upright } from "./pictures/orientation.js";
import { decodePng } from "./pictures/pngDecoder.js";
import type { RgbaImage } from "./pictures/wasm.js";
import { loadSharp } from "./pictures/sharp.js";
import type { SourceItem } from "./readers/reader.js";

/** What to do with a picture that says how it is to be turned: turn it, or take the pixels as they are stored. */
export type OrientationUse = "apply" | "ignore";

/** How pictures are decoded. */
export interface DecodeOptions {
  /** Default "ignore". */
  readonly orientation?: OrientationUse | undefined;
  /** Most pixels (width times height) of a picture. Default `defaultMaxPixels`. */
  readonly maxPixels?: number | undefined;
}

/** The pixels of an item of a source. @throws OAL-D102 when there are none, OAL-D123 when there are too many */
export function pixelsOf(item: SourceItem, options: DecodeOptions): Promise<RgbImage> {
  if ("pixels" in item) return Promise.resolve(item.pixels);
  if ("bytes" in item) return decodeImage(item.bytes, item.id, options);
  throw oalError("OAL-D102", { file: item.id, problem: item.problem });
}

/**
 * Decodes one image. Several may be decoded at once.
 *
 * @param bytes  a complete JPEG, PNG, BMP, WebP, GIF (first frame), TIFF (first page) or AVIF file
 * @param file  its name, for the error
 * @returns uint8 RGB
 * @throws OAL-D102 when the bytes are no such image, truncated or corrupt, OAL-D123 when its header announces too many pixels
 * @cost 30 us for 32x32, 2 ms for 500x375
 */
export async function decodeImage(
  bytes: Uint8Array,
  file: string,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const { orientation = "ignore", maxPixels = defaultMaxPixels } = options;
  const image = await decodeStored(bytes, file, maxPixels);
  return orientation === "apply" ? upright(image, orientationOf(bytes)) : image;
}

/** The picture as it is stored, by the decoder of its kind. */
async function decodeStored(bytes: Uint8Array, file: string, maxPixels: number): Promise<RgbImage> {
  if (bytes.length === 0) throw unreadable(file, "the file is empty");
  const kind = kindOfBytes(bytes.subarray(0, headLength));
  if (kind === undefined) throw unreadable(file, "its content is no picture that oal reads");
  if (kind.refusal !== undefined) throw unreadable(file, kind.refusal);
  const size = pictureSize(bytes);
  if (size) refuseLarge(size, file, maxPixels);
  if (kind.id === "jpeg") return jpeg(bytes, file, maxPixels);
  if (kind.id === "png" && bytes[24] !== 16) return png(bytes, file);
  if (kind.id === "bmp") return bitmap(bytes, file, maxPixels);
  return other(bytes, file, maxPixels);
}

function refuseLarge({ width, height }: PictureSize, file: string, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw oalError("OAL-D123", { file, width, height, maxPixels });
}

async function jpeg(bytes: Uint8Array, file: string, maxPixels: number): Promise<RgbImage> {
  const { image, said } = await decodeJpeg(bytes);
  if (said.some((line) => line.includes("color conversion"))) return other(bytes, file, maxPixels);
  const problem = said.find((line) => !line.includes("extraneous bytes"));
  if (problem !== undefined || image === undefined)
    throw unreadable(file, problem ?? "not a readable JPEG image");
  return dropAlpha(image);
}

function bitmap(bytes: Uint8Array, file: string, maxPixels: number): RgbImage {
  const size = bitmapSize(bytes);
  if (size) refuseLarge(size, file, maxPixels);
  try {
    return decodeBitmap(bytes);
  } catch (cause) {
    throw unreadable(file, problemOf(cause), cause);
  }
}

function png(bytes: Uint8Array, file: string): RgbImage {
  let image: RgbaImage;
  try {
    image = decodePng(bytes);
  } catch (cause) {
    throw unreadable(file, "truncated or corrupt PNG image", cause);
  }
  return dropAlpha(image);
}

async function other(bytes: Uint8Array, file: string, maxPixels: number): Promise<RgbImage> {
  const sharp = await loadSharp();
  try {
    // the header is read whatever the size, so that the error can say it
    const { width, height, space } = await sharp(bytes, {
      failOn: "warning",
      limitInputPixels: false,
    }).metadata();
    refuseLarge({ width, height }, file, maxPixels);
    const { data, info } = await sharp(bytes, {
      failOn: "warning",
      ignoreIcc: space !== "cmyk",
      limitInputPixels: maxPixels,
    })
      .toColourspace("srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { height: info.height, width: info.width, data: pixels };
  } catch (cause) {
    if (isOalError(cause)) throw cause;
    throw unreadable(file, `not a readable image (${problemOf(cause)})`, cause);
  }
}

function dropAlpha(image: RgbaImage): RgbImage {
  const { width, height, data: source } = image;
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = source[from] ?? 0;
    data[to + 1] = source[from + 1] ?? 0;
    data[to + 2] = source[from + 2] ?? 0;
  }
  return { width, height, data };
}

function unreadable(file: string, problem: string, cause?: unknown): OalError {
  return oalError("OAL-D102", { file, problem }, cause);
}
