/** Whether this browser decodes pictures as they are stored: some change colours of what a page reads, to hide who they are. */
import type { RgbImage } from "oal-core";
import { pixelsOf, type DecodeRule } from "./picture.js";

/** Shows the browser a picture as a bitmap file, whose pixels no decoder rounds, and compares. True where there is no browser. */
export async function decodesExactly(image: RgbImage, rule: DecodeRule): Promise<boolean> {
  if (typeof createImageBitmap === "undefined") return true;
  const { data } = await pixelsOf(bitmapFile(image), "the self-test", rule);
  return data.length === image.data.length && data.every((value, at) => value === image.data[at]);
}

/** A Windows bitmap of 24 bits a pixel. */
function bitmapFile({ width, height, data }: RgbImage): Uint8Array<ArrayBuffer> {
  const row = Math.ceil((3 * width) / 4) * 4;
  const bytes = new Uint8Array(54 + row * height);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x424d);
  for (const [at, value] of [
    [2, bytes.length],
    [10, 54],
    [14, 40],
    [18, width],
    [22, -height], // the first row is the top one
    [26, 0x180001], // one plane, 24 bits
  ] as const)
    view.setInt32(at, value, true);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < 3 * width; x += 3)
      for (let c = 0; c < 3; c++) bytes[54 + row * y + x + c] = data[3 * width * y + x + 2 - c] ?? 0;
  return bytes;
}
