import { OalError } from "oal-core";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { decodeImage } from "./decode.js";

const raw = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 37) & 255));
const image = (): Sharp => sharp(raw, { raw: { width: 40, height: 30, channels: 3 } });

async function failure(bytes: Uint8Array): Promise<OalError> {
  const error: unknown = await decodeImage(bytes, "photos/cat.jpg").catch((e: unknown) => e);
  if (!(error instanceof OalError)) throw new Error("an OalError was expected");
  return error;
}

test("PNG of every kind of channel becomes the same RGB", async () => {
  expect(Buffer.from((await decodeImage(await image().png().toBuffer(), "a")).data)).toEqual(raw);
  const transparent = await image().ensureAlpha(0.2).png().toBuffer();
  expect(Buffer.from((await decodeImage(transparent, "a")).data)).toEqual(raw);
  const grey = await decodeImage(await image().greyscale().png().toBuffer(), "a");
  expect([grey.height, grey.width, grey.data.length]).toEqual([30, 40, 3600]);
  expect(grey.data[0]).toBe(grey.data[2]);
});

test("16 bits are cut to the high byte", async () => {
  const deep = Uint16Array.from(raw, (v) => v * 256 + 200);
  const png = await sharp(deep, { raw: { width: 40, height: 30, channels: 3 } })
    .toColourspace("rgb16")
    .png()
    .toBuffer();
  expect(png[24]).toBe(16);
  expect(Buffer.from((await decodeImage(png, "a")).data)).toEqual(raw);
});

test("CMYK, progressive and grey JPEG, WebP, GIF and TIFF decode", async () => {
  const encoded = [
    await image().toColourspace("cmyk").jpeg().toBuffer(),
    await image().jpeg({ progressive: true }).toBuffer(),
    await image().greyscale().jpeg().toBuffer(),
    await image().webp().toBuffer(),
    await image().gif().toBuffer(),
    await image().tiff().toBuffer(),
  ];
  for (const bytes of encoded) {
    const { height, width, data } = await decodeImage(bytes, "a");
    expect([height, width, data.length]).toEqual([30, 40, 3600]);
  }
});

test("EXIF orientation is not applied", async () => {
  const turned = await image().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect((await decodeImage(turned, "a")).width).toBe(40);
});

test("truncated, corrupt, empty and foreign files are named", async () => {
  const jpeg = await image().jpeg().toBuffer();
  const png = await image().png().toBuffer();
  const holed = Buffer.from(jpeg).fill(0xfe, jpeg.length - 300, jpeg.length - 100);
  const flipped = Buffer.from(png);
  flipped[png.length >> 1] = (flipped[png.length >> 1] ?? 0) ^ 255;
  const bad = [
    jpeg.subarray(0, jpeg.length - 40),
    holed,
    png.subarray(0, 200),
    flipped,
    Buffer.alloc(0),
    Buffer.from("text"),
  ];
  for (const bytes of bad) {
    const error = await failure(bytes);
    expect(error.code).toBe("OAL-D102");
    expect(error.message).toContain("photos/cat.jpg");
  }
  // A failed image leaves the decoders usable.
  expect((await decodeImage(jpeg, "a")).width).toBe(40);
  expect((await decodeImage(png, "a")).width).toBe(40);
});
