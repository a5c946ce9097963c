/**
 * Pictures as a page has them, made into 8-bit RGB as Node's decoders give it: colour profiles ignored, alpha dropped and not blended,
 * turned as the camera noted where the model wants that.
 */
import { jpegSize, oalError, OalError, pngSize, type PictureSize, type RgbImage } from "oal-core";
import { withoutOrientation } from "./orientation.js";
import { asStored, straightPixels } from "./straight.js";

/** Decoded pixels, row by row, with 3 (RGB) or 4 bytes (RGBA, whose alpha is dropped) each; an `ImageData` is one. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A picture: the content of a file, something that a page can draw (a video's current frame), or pixels. */
export type Picture = Blob | Uint8Array<ArrayBuffer> | CanvasImageSource | Pixels;

/** How pictures are decoded. */
export interface DecodeRule {
  readonly orientation: "apply" | "ignore";
  /** Most pixels of a picture. */
  readonly maxPixels: number;
}

/** Rows that are copied at once. */
const stripRows = 512;

/**
 * The pixels of a picture.
 *
 * @param id what it is called, for errors
 * @throws OAL-D102 when the browser cannot decode it, OAL-D123 when it has too many pixels
 */
export async function pixelsOf(picture: Picture, id: string, rule: DecodeRule): Promise<RgbImage> {
  if ("data" in picture) return packed(picture, id);
  const problem = (sentence: string, cause: unknown): OalError =>
    oalError("OAL-D102", { file: id, problem: sentence }, cause);
  const source = await drawable(picture, id, rule);
  const bitmap = await createImageBitmap(source, asStored).catch((cause: unknown) => {
    throw problem("it is no picture that this browser reads", cause);
  });
  try {
    refuseLarge(bitmap, id, rule);
    return await copied(bitmap);
  } catch (cause) {
    throw cause instanceof OalError ? cause : problem(`its pixels cannot be read (${String(cause)})`, cause);
  } finally {
    bitmap.close();
  }
}

/** What is decoded: files are looked at first, so that one with too many pixels never is. */
async function drawable(
  picture: Blob | Uint8Array<ArrayBuffer> | CanvasImageSource,
  id: string,
  rule: DecodeRule,
): Promise<ImageBitmapSource> {
  if (!(picture instanceof Uint8Array || picture instanceof Blob)) return picture;
  const bytes = picture instanceof Blob ? new Uint8Array(await picture.arrayBuffer()) : picture;
  const size = bytes[0] === 0xff && bytes[1] === 0xd8 ? jpegSize(bytes) : pngSize(bytes);
  if (size) refuseLarge(size, id, rule);
  return new Blob([rule.orientation === "ignore" ? withoutOrientation(bytes) : bytes]);
}

function refuseLarge({ width, height }: PictureSize, file: string, { maxPixels }: DecodeRule): void {
  if (width * height > maxPixels) throw oalError("OAL-D123", { file, width, height, maxPixels });
}

/** Pixels of 3 bytes. */
function packed({ width, height, data }: Pixels, id: string): RgbImage {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const channels = bytes.length / (width * height);
  if (channels === 3) return { width, height, data: bytes };
  if (channels !== 4)
    throw oalError("OAL-D102", {
      file: id,
      problem: `${bytes.length} bytes are no ${width} x ${height} pixels`,
    });
  const out = new Uint8Array(3 * width * height);
  dropAlpha(bytes, out, 0);
  return { width, height, data: out };
}

/** Copies colours, and tells whether every pixel was opaque. */
function dropAlpha(from: Uint8Array | Uint8ClampedArray, out: Uint8Array, start: number): boolean {
  let opaque = 255;
  for (let at = 0, to = start; at < from.length; at += 4, to += 3) {
    out[to] = from[at] ?? 0;
    out[to + 1] = from[at + 1] ?? 0;
    out[to + 2] = from[at + 2] ?? 0;
    opaque &= from[at + 3] ?? 0;
  }
  return opaque === 255;
}

/** The pixels of a bitmap, by way of a canvas; a canvas multiplies alpha in, so that transparent pictures take another way. */
async function copied(bitmap: ImageBitmap): Promise<RgbImage> {
  const { width, height } = bitmap;
  const data = new Uint8Array(3 * width * height);
  const rows = Math.min(height, stripRows);
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  for (let y = 0; y < height; y += rows) {
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -y);
    const strip = context.getImageData(0, 0, width, Math.min(rows, height - y)).data;
    if (!dropAlpha(strip, data, 3 * width * y)) {
      await straightPixels(bitmap, (rgba, column, row) => dropAlpha(rgba, data, 3 * (width * row + column)));
      break;
    }
  }
  return { width, height, data };
}
