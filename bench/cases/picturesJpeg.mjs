// Decoding photographs to RGB, against Pillow.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { decodeImage } from "../../packages/oal/dist/data/decode.js";

/** A picture with edges and soft parts, so that its JPEG has the size of a photograph. */
function drawn(width, height, number) {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++, at++)
        pixels[at] =
          128 +
          60 * Math.sin((x * (1 + c) + number * 37) / 23) +
          40 * Math.cos((y + number * 11) / (7 + c)) +
          ((x * 7919 + y * 104_729 + number) % 23);
  return pixels;
}

export default {
  title: ({ pictures, width, height }) => `decoding ${pictures} JPEG pictures of ${width}x${height}`,
  unit: "ms a picture",
  settings: { pictures: 60, width: 500, height: 375 },
  short: { pictures: 2, width: 64, height: 48 },
  tolerance: 1e-6,
  work: ({ pictures }) => pictures,
  prepare: async ({ pictures, width, height }, folder) => {
    for (let i = 0; i < pictures; i++) {
      const jpeg = sharp(drawn(width, height, i), { raw: { width, height, channels: 3 } }).jpeg({
        quality: 90,
      });
      writeFileSync(join(folder, `${i}.jpg`), await jpeg.toBuffer());
    }
  },
  contestants: {
    oal: {
      make: async (settings, folder) => {
        const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
        const decode = ({ name, bytes }) => decodeImage(bytes, name);
        return {
          step: async () => {
            for (const file of files) await decode(file);
          },
          check: async () => {
            const sums = [];
            for (const file of files)
              sums.push((await decode(file)).data.reduce((sum, value) => sum + value, 0));
            return [sums.reduce((sum, value) => sum + value, 0)];
          },
        };
      },
    },
    Pillow: { needs: "PIL", python: "decoding" },
  },
};
