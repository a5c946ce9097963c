/**
 * Pictures as a page has them, made into 8-bit RGB as Node's decoders give it: colour profiles ignored, alpha dropped and not blended,
 * turned as the camera noted where the model wants that.
 */
import { oalError, pictureSize, type PictureSize, type RgbImage } from "oal-core";
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
  const source = await drawable(picture, id, rule);
  const bitmap = await createImageBitmap(source, asStored).catch((cause: unknown) =>
    refuse(id, "it is no picture that this browser reads", cause),
  );
  try {
    refuseLarge(bitmap, id, rule);
    return await copied(bitmap, id);
  } finally {
    bitmap.close();
  }
}

function refuse(file: string, problem: string, cause?: unknown): never {
  throw oalError("OAL-D102", { file, problem }, cause);
}

/** What is decoded: files are looked at first, so that one with too many pixels never is. */
async function drawable(
  picture: Blob | Uint8Array<ArrayBuffer> | CanvasImageSource,
  id: string,
  rule: DecodeRule,
): Promise<ImageBitmapSource> {
  if (!(picture instanceof Uint8Array || picture instanceof Blob)) return picture;
  const bytes = await bytesOf(picture);
  const size = pictureSize(bytes);
  if (size) refuseLarge(size, id, rule);
  return new Blob([rule.orientation === "ignore" ? withoutOrientation(bytes) : bytes]);
}

/** The content of a file. */
export async function bytesOf(file: Blob | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
}

function refuseLarge({ width, height }: PictureSize, file: string, { maxPixels }: DecodeRule): void {
  if (width * height > maxPixels) throw oalError("OAL-D123", { file, width, height, maxPixels });
}

/** Pixels of 3 bytes. */
function packed({ width, height, data: given }: Pixels, id: string): RgbImage {
  const data = new Uint8Array(3 * width * height);
  const channels = given.length / (width * height);
  if (channels !== 3 && channels !== 4)
    refuse(id, `${given.length} bytes are no ${width} x ${height} pixels`);
  dropAlpha(given, data, 0, channels);
  return { width, height, data };
}

/** Copies colours, and tells whether every pixel was opaque. */
function dropAlpha(from: ArrayLike<number>, out: Uint8Array, start: number, channels = 4): boolean {
  let opaque = 255;
  for (let at = 0, to = start; at < from.length; at += channels) {
    for (let c = 0; c < 3; c++) out[to++] = from[at + c] ?? 0;
    opaque &= from[at + 3] ?? 0;
  }
  return opaque === 255;
}

/** The pixels of a bitmap, by way of a canvas; a canvas multiplies alpha in, so that transparent pictures take another way. */
async function copied(bitmap: ImageBitmap, id: string): Promise<RgbImage> {
  const { width, height } = bitmap;
  const data = new Uint8Array(3 * width * height);
  const take = (rgba: ArrayLike<number>, column: number, row: number): boolean =>
    dropAlpha(rgba, data, 3 * (width * row + column));
  const rows = Math.min(height, stripRows);
  try {
    const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
    for (let y = 0; y < height; y += rows) {
      if (!context) throw new Error("no canvas");
      context.clearRect(0, 0, width, rows);
      context.drawImage(bitmap, 0, -y);
      const strip = context.getImageData(0, 0, width, Math.min(rows, height - y)).data;
      if (take(strip, 0, y)) continue;
      await straightPixels(bitmap, take);
      break;
    }
  } catch (cause) {
    refuse(id, `its pixels cannot be read (${String(cause)})`, cause);
  }
  return { width, height, data };
}
