/** An 8-bit RGB image and the exact geometric steps on it: crop, centre crop, flip, padded crop. None of them changes a pixel value. */
import { expectArguments, type Kind, kinds } from "../errors/index.js";

/** An 8-bit RGB image; `data` is [height, width, 3], row by row. */
export interface RgbImage {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

const sides = kinds.fields({ height: kinds.count, width: kinds.count, data: kinds.bytes });

/** An RGB image as an argument. */
export const anImage: Kind = {
  words: "an RGB image",
  fault(value, argument) {
    const fault = sides.fault(value, argument);
    if (fault || !isImage(value) || value.data.length === value.height * value.width * 3) return fault;
    const wanted = `of ${value.height} x ${value.width} x 3 bytes`;
    return { argument: `${argument}.data`, wanted, value: value.data };
  },
};

function isImage(value: unknown): value is RgbImage {
  return typeof value === "object" && value !== null && "data" in value;
}

/**
 * The rectangle at (top, left). Whatever lies outside the image is black.
 *
 * @param top  whole pixels, may be negative
 * @param left  whole pixels, may be negative
 * @param height  of the result, >= 1
 * @param width  of the result, >= 1
 */
export function cropImage(
  image: RgbImage,
  top: number,
  left: number,
  height: number,
  width: number,
): RgbImage {
  expectArguments("cropImage", {
    image: [image, anImage],
    top: [top, kinds.integer],
    left: [left, kinds.integer],
    height: [height, kinds.count],
    width: [width, kinds.count],
  });
  const data = new Uint8Array(height * width * 3);
  const firstX = Math.max(0, -left);
  const lastX = Math.min(width, image.width - left);
  if (firstX < lastX) {
    for (let y = Math.max(0, -top); y < Math.min(height, image.height - top); y++) {
      const from = ((y + top) * image.width + left) * 3;
      data.set(image.data.subarray(from + firstX * 3, from + lastX * 3), (y * width + firstX) * 3);
    }
  }
  return { height, width, data };
}

/**
 * The central size x size square. Offset = round((side - size) / 2), halves to even; a smaller side is padded with black, floor of the
 * missing pixels on the left or top.
 *
 * @param size  side of the result in pixels
 * @source torchvision `CenterCrop`
 */
export function centreCrop(image: RgbImage, size: number): RgbImage {
  expectArguments("centreCrop", { image: [image, anImage], size: [size, kinds.count] });
  if (image.height === size && image.width === size) return image;
  return cropImage(image, centreOffset(image.height, size), centreOffset(image.width, size), size, size);
}

/** Where the central `size` pixels of a side begin; negative where it is padded. */
export function centreOffset(side: number, size: number): number {
  if (side < size) return -Math.floor((size - side) / 2);
  const half = (side - size) / 2;
  const low = Math.floor(half);
  return half - low === 0.5 ? low + (low % 2) : low;
}

/** The image mirrored left to right. */
export function flipImage(image: RgbImage): RgbImage {
  expectArguments("flipImage", { image: [image, anImage] });
  const { height, width } = image;
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * 3;
      const from = (y * width + width - 1 - x) * 3;
      data[to] = image.data[from] ?? 0;
      data[to + 1] = image.data[from + 1] ?? 0;
      data[to + 2] = image.data[from + 2] ?? 0;
    }
  }
  return { height, width, data };
}
