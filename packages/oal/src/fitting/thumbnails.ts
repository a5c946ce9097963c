/** Small pictures for the report, cut as the model sees them. */
import { loadSharp } from "../data/pictures/sharp.js";
import type { Preprocessing } from "../bundle/facts.js";
import type { DrawnPicture } from "./drawn.js";
import { readAgain, type FitPicture } from "./pictures.js";

/** Side of a thumbnail, in pixels. */
const side = 112;

/** PNG or JPEG files by hash; pictures that cannot be read any more are absent. */
export async function thumbnailsOf(
  pictures: readonly (FitPicture | DrawnPicture)[],
  rule: Preprocessing,
): Promise<Map<string, Uint8Array>> {
  const drawn = pictures.flatMap((each) => ("planes" in each ? [[each.hash, each.planes] as const] : []));
  const read = await readAgain(
    pictures.flatMap((each) => ("source" in each ? [each] : [])),
    rule,
  );
  const made = new Map<string, Uint8Array>();
  for (const [hash, planes] of [...drawn, ...read]) made.set(hash, await thumbnail(planes, rule.crop));
  return made;
}

async function thumbnail(planes: Uint8Array, size: number): Promise<Uint8Array> {
  const plane = size * size;
  const pixels = new Uint8Array(planes.length);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) pixels[3 * i + c] = planes[c * plane + i] ?? 0;
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .resize(Math.min(size, side), Math.min(size, side), { kernel: size > side ? "lanczos3" : "nearest" })
    .jpeg({ quality: 80 })
    .toBuffer();
}
