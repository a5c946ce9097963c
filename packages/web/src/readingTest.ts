/** Whether this browser gives pixels as they are: some change colours of what a page reads, to hide who they are. */
import type { RgbImage } from "oal-core";
import { pixelsOf, type DecodeRule } from "./picture.js";

/** Has the browser make a bitmap of known pixels, reads it as pictures are read, and compares. True where there is no browser. */
export async function readsExactly({ width, height, data }: RgbImage, rule: DecodeRule): Promise<boolean> {
  if (typeof createImageBitmap === "undefined") return true;
  const opaque = new ImageData(width, height);
  opaque.data.forEach((_, at) => {
    opaque.data[at] = at % 4 < 3 ? (data[at - Math.floor(at / 4)] ?? 0) : 255;
  });
  const read = await pixelsOf(await createImageBitmap(opaque), "the self-test", rule);
  return read.data.every((value, at) => value === data[at]);
}
