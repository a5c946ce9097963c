import fc from "fast-check";
import { isOalError, pictureSize } from "oal-core";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeImage } from "../decode.js";
import { orientationOf } from "./orientation.js";

test("sizes and orientations are read from damaged files without a fault, and such files are errors or pictures", async () => {
  const image = sharp({ create: { width: 9, height: 7, channels: 3, background: "#123456" } });
  const turned = image.withMetadata({ orientation: 6 });
  const files = await Promise.all(
    (["jpeg", "png", "webp", "tiff"] as const).map((format) => turned.clone().toFormat(format).toBuffer()),
  );
  expect(files.map((bytes) => orientationOf(bytes))).toEqual([6, 6, 6, 6]);
  expect(pictureSize(files[0] ?? Buffer.alloc(0))).toEqual({ width: 9, height: 7 });
  expect(pictureSize(files[1] ?? Buffer.alloc(0))).toEqual({ width: 9, height: 7 });
  const byte = fc.integer({ min: 0, max: 255 });
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), byte);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(change, { maxLength: 6 }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      async (bytes, changes, kept) => {
        const damaged = Buffer.from(bytes.subarray(0, Math.ceil(bytes.length * kept)));
        for (const [place, value] of changes) damaged[Math.floor(place * (damaged.length - 1))] = value;
        expect(orientationOf(damaged)).toBeGreaterThan(0);
        pictureSize(damaged);
        const outcome: unknown = await decodeImage(damaged, "a", {
          orientation: "apply",
          maxPixels: 10_000,
        }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(isOalError(outcome)).toBe(true);
      },
    ),
    { numRuns: 150, seed: 1 },
  );
});
