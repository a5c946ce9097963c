import { crc32, deflateSync } from "node:zlib";
import { OalError } from "oal-core";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { decodeImage } from "./decode.js";

const raw = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 37) & 255));
const image = (): Sharp => sharp(raw, { raw: { width: 40, height: 30, channels: 3 } });

/** A bitmap of 24 bits, all black. */
function bitmap24(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(54 + Math.ceil((width * 3) / 4) * 4 * height);
  bytes.write("BM", "latin1");
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

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

test("one bad JPEG among good ones decoded at once does not blame the good ones", async () => {
  const good = await image().jpeg().toBuffer();
  const cut = good.subarray(0, good.length - 40);
  const outcomes = await Promise.allSettled(
    [good, cut, good, cut, good].map((bytes, i) => decodeImage(bytes, `${i}.jpg`)),
  );
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
});

test("SVG and HEIC are refused with what to do, whatever they are called", async () => {
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  );
  expect((await failure(svg)).message).toContain(
    "photos/cat.jpg: SVG is a drawing without pixels: export it as PNG",
  );
  const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
  expect((await failure(heic)).message).toContain("convert it to JPEG");
  expect((await failure(Buffer.from("%PDF-1.4"))).message).toContain(
    "its content is no picture that oal reads",
  );
});

/** An EXIF block whose only tag is the orientation, in the byte order of "II" or "MM". */
function exifBlock(orientation: number, order: "II" | "MM"): Buffer {
  const little = order === "II";
  const block = Buffer.alloc(26);
  const short = (value: number, at: number): unknown =>
    little ? block.writeUInt16LE(value, at) : block.writeUInt16BE(value, at);
  const long = (value: number, at: number): unknown =>
    little ? block.writeUInt32LE(value, at) : block.writeUInt32BE(value, at);
  block.write(order, "latin1");
  short(42, 2);
  long(8, 4);
  short(1, 8);
  short(0x112, 10);
  short(3, 12);
  long(1, 14);
  short(orientation, 18);
  return block;
}

/** The picture with a chunk put in front of the last 12 bytes of a PNG file. */
function withChunk(png: Buffer, type: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(8);
  chunk.writeUInt32BE(content.length);
  chunk.write(type, 4, "latin1");
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), content])));
  return Buffer.concat([png.subarray(0, -12), chunk, content, sum, png.subarray(-12)]);
}

/** A JPEG file with one APP1 segment more. */
function withApp1(jpeg: Buffer, content: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, (content.length + 2) >> 8, (content.length + 2) & 255]);
  return Buffer.concat([head, content, jpeg.subarray(2)]);
}

test("every EXIF orientation is applied when wanted, by pixels changing places", async () => {
  const jpeg = await image().jpeg().toBuffer();
  const stored = await decodeImage(jpeg, "a");
  for (let orientation = 1; orientation <= 8; orientation++) {
    const turned = withApp1(
      jpeg,
      Buffer.concat([Buffer.from("Exif\0\0"), exifBlock(orientation, orientation % 2 ? "II" : "MM")]),
    );
    expect(await decodeImage(turned, "a")).toEqual(stored);
    const found = await decodeImage(turned, "a", { orientation: "apply" });
    // sharp turns by the same tag: an independent reference for which way round
    const { data, info } = await sharp(Buffer.from(stored.data), {
      raw: { width: 40, height: 30, channels: 3 },
    })
      .withMetadata({ orientation })
      .png()
      .toBuffer()
      .then((png) => sharp(png).autoOrient().raw().toBuffer({ resolveWithObject: true }));
    expect([found.width, found.height]).toEqual([info.width, info.height]);
    expect(Buffer.compare(Buffer.from(found.data), data)).toBe(0);
  }
});

test("PNG, WebP and TIFF carry an orientation too; XMP counts where EXIF says nothing", async () => {
  const png = await image().png().toBuffer();
  const xmp = Buffer.from('<x tiff:Orientation="6"/>');
  const profile = Buffer.from(
    `\nexif\n      32\n${Buffer.concat([Buffer.from("Exif\0\0"), exifBlock(8, "MM")]).toString("hex")}\n`,
  );
  const lying = [
    withChunk(png, "eXIf", exifBlock(6, "MM")),
    withChunk(png, "iTXt", Buffer.concat([Buffer.from("XML:com.adobe.xmp\0\0\0\0\0"), xmp])),
    withChunk(png, "zTXt", Buffer.concat([Buffer.from("Raw profile type exif\0\0"), deflateSync(profile)])),
    withApp1(
      await image().jpeg().toBuffer(),
      Buffer.concat([Buffer.from("http://ns.adobe.com/xap/1.0/\0"), xmp]),
    ),
    await image().withMetadata({ orientation: 6 }).webp().toBuffer(),
    await image().withMetadata({ orientation: 6 }).tiff().toBuffer(),
    await image().withMetadata({ orientation: 6 }).png().toBuffer(),
  ];
  for (const bytes of lying) {
    const plain = await decodeImage(bytes, "a");
    const turned = await decodeImage(bytes, "a", { orientation: "apply" });
    expect([plain.width, plain.height, turned.width, turned.height]).toEqual([40, 30, 30, 40]);
  }
  // EXIF first; a value that means nothing turns nothing; damaged blocks are no orientation
  const both = withChunk(
    withChunk(png, "iTXt", Buffer.concat([Buffer.from("XML:com.adobe.xmp\0\0\0\0\0"), xmp])),
    "eXIf",
    exifBlock(1, "II"),
  );
  for (const bytes of [
    both,
    withChunk(png, "eXIf", exifBlock(9, "II")),
    withChunk(png, "eXIf", exifBlock(6, "II").subarray(0, 15)),
  ])
    expect((await decodeImage(bytes, "a", { orientation: "apply" })).width).toBe(40);
});

test("too many pixels are refused by the header, in every format", async () => {
  const encoded = [
    await image().jpeg().toBuffer(),
    await image().jpeg({ progressive: true }).toBuffer(),
    await image().toColourspace("cmyk").jpeg().toBuffer(),
    await image().png().toBuffer(),
    await image().webp().toBuffer(),
    await image().webp({ lossless: true }).toBuffer(),
    await image().gif().toBuffer(),
    await image().tiff().toBuffer(),
    await image().avif().toBuffer(),
    bitmap24(40, 30),
  ];
  for (const bytes of encoded) {
    expect((await decodeImage(bytes, "a", { maxPixels: 1200 })).width).toBe(40);
    const error: unknown = await decodeImage(bytes, "a.x", { maxPixels: 1199 }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "OAL-D123",
      message: "a.x: 40 x 30 pixels, more than the 1199 allowed",
    });
  }
  // by default as many as Pillow takes, and no decoder sees the rest of the file
  const bomb = Buffer.from(await image().png().toBuffer()).subarray(0, 60);
  bomb.writeUInt32BE(13_378, 16);
  bomb.writeUInt32BE(13_378, 20);
  expect((await failure(bomb)).code).toBe("OAL-D123");
  bomb.writeUInt32BE(13_377, 16);
  bomb.writeUInt32BE(13_377, 20);
  expect((await failure(bomb)).code).toBe("OAL-D102");
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

test("hundreds of broken files leave the decoders as they were", async () => {
  // about as many as either decoder took before it refused intact files
  const files = [
    [await image().jpeg().toBuffer(), 120],
    [await image().png().toBuffer(), 1000],
  ] as const;
  for (const [bytes, broken] of files) {
    const before = await decodeImage(bytes, "a");
    for (let i = 0; i < broken; i++) {
      const cut = Buffer.from(bytes.subarray(0, 100 + (i % 100)));
      cut[60 + (i % 40)] = i % 256;
      const error: unknown = await decodeImage(cut, "a").catch((e: unknown) => e);
      expect(error).toBeInstanceOf(OalError);
    }
    expect(await decodeImage(bytes, "a")).toEqual(before);
  }
});
