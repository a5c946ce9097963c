import { expect, test } from "vitest";
import { decodeImage } from "../decode.js";
import { bitmapSize, decodeBitmap } from "./bitmap.js";

interface Parts {
  readonly width: number;
  /** Negative: the first stored row is the top one. */
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  /** Red, green and blue per entry. */
  readonly palette?: readonly (readonly number[])[];
  readonly masks?: readonly number[];
  readonly pixels: readonly number[];
}

function bitmap({ width, height, bits, compression = 0, palette = [], masks = [], pixels }: Parts): Buffer {
  const tables = [
    ...masks.flatMap((mask) => [mask & 255, (mask >> 8) & 255, (mask >> 16) & 255, (mask >> 24) & 255]),
    ...palette.flatMap(([red = 0, green = 0, blue = 0]) => [blue, green, red, 0]),
  ];
  const head = Buffer.alloc(54);
  head.write("BM", "latin1");
  head.writeUInt32LE(54 + tables.length + pixels.length, 2);
  head.writeUInt32LE(54 + tables.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(pixels.length, 34);
  head.writeUInt32LE(palette.length, 46);
  return Buffer.concat([head, Buffer.from(tables), Buffer.from(pixels)]);
}

const red = [255, 0, 0];
const green = [0, 255, 0];
const blue = [0, 0, 255];
const white = [255, 255, 255];
const black = [0, 0, 0];
const palette = [red, green, blue, white];

/** Files that show the same picture, and that picture: 3 wide, 2 high. */
const picture = [red, green, blue, white, white, red];
const bottomUp = { width: 3, height: 2 };
const files: Readonly<Record<string, Buffer>> = {
  "1 bit in a palette of two": bitmap({
    width: 10,
    height: 1,
    bits: 1,
    palette: [black, white],
    pixels: [0b10100000, 0b01000000, 0, 0],
  }),
  "4 bits": bitmap({ ...bottomUp, bits: 4, palette, pixels: [0x33, 0x00, 0, 0, 0x01, 0x20, 0, 0] }),
  "8 bits": bitmap({ ...bottomUp, bits: 8, palette, pixels: [3, 3, 0, 0, 0, 1, 2, 0] }),
  "8 bits, top row first": bitmap({
    width: 3,
    height: -2,
    bits: 8,
    palette,
    pixels: [0, 1, 2, 0, 3, 3, 0, 0],
  }),
  "run lengths of 8 bits": bitmap({
    ...bottomUp,
    bits: 8,
    compression: 1,
    palette,
    pixels: [2, 3, 1, 0, 0, 0, 0, 3, 0, 1, 2, 0, 0, 1],
  }),
  "run lengths of 4 bits": bitmap({
    ...bottomUp,
    bits: 4,
    compression: 2,
    palette,
    pixels: [2, 0x33, 1, 0, 0, 0, 0, 3, 0x01, 0x20, 0, 1],
  }),
  "16 bits": bitmap({
    ...bottomUp,
    bits: 16,
    pixels: [255, 127, 255, 127, 0, 124, 0, 0, 0, 124, 224, 3, 31, 0, 0, 0],
  }),
  "16 bits, 6 of them green": bitmap({
    ...bottomUp,
    bits: 16,
    compression: 3,
    masks: [0xf800, 0x7e0, 0x1f],
    pixels: [255, 255, 255, 255, 0, 248, 0, 0, 0, 248, 224, 7, 31, 0, 0, 0],
  }),
  "24 bits": bitmap({
    ...bottomUp,
    bits: 24,
    pixels: [...white, ...white, 0, 0, 255, 0, 0, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0],
  }),
  "32 bits": bitmap({
    ...bottomUp,
    bits: 32,
    pixels: [255, 255, 255, 9, 255, 255, 255, 9, 0, 0, 255, 9, 0, 0, 255, 9, 0, 255, 0, 9, 255, 0, 0, 9],
  }),
  "32 bits with masks": bitmap({
    ...bottomUp,
    bits: 32,
    compression: 3,
    masks: [0xff, 0xff00, 0xff0000],
    pixels: [255, 255, 255, 0, 255, 255, 255, 0, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0],
  }),
};

test("bitmaps of every depth and packing show their picture", async () => {
  for (const [name, bytes] of Object.entries(files)) {
    const { width, height, data } = await decodeImage(bytes, name);
    if (name.startsWith("1 bit")) {
      expect(Array.from(data)).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 0, 1].flatMap((on) => (on ? white : black)));
      continue;
    }
    expect([name, width, height, Array.from(data)]).toEqual([name, 3, 2, picture.flat()]);
  }
});

test("levels between black and white are those of Pillow", () => {
  const grey = decodeBitmap(
    bitmap({ width: 2, height: 1, bits: 16, pixels: [0b00100001, 0b00000100, 0b10000100, 0b01010000] }),
  );
  // 1 and 20 of 31 for red, 1 and 4 of 31 for green and blue
  expect(Array.from(grey.data)).toEqual([8, 8, 8, 164, 32, 32]);
});

test("OS/2's header, a palette index beyond the palette and pixels that a run skips", () => {
  const old = Buffer.alloc(26 + 6 + 8);
  old.write("BM", "latin1");
  old.writeUInt32LE(32, 10);
  old.writeUInt32LE(12, 14);
  old.writeUInt16LE(1, 18);
  old.writeUInt16LE(2, 20);
  old.writeUInt16LE(1, 22);
  old.writeUInt16LE(1, 24);
  old.set([0, 0, 255, 0, 255, 0], 26);
  old[32] = 0x80;
  expect(Array.from(decodeBitmap(old).data)).toEqual([...red, ...green]);
  const beyond = bitmap({ width: 1, height: 1, bits: 8, palette, pixels: [7, 0, 0, 0] });
  expect(Array.from(decodeBitmap(beyond).data)).toEqual(black);
  // right by two, one green, end
  const skipping = bitmap({
    ...bottomUp,
    bits: 8,
    compression: 1,
    palette,
    pixels: [0, 2, 2, 1, 1, 1, 0, 1],
  });
  expect(Array.from(decodeBitmap(skipping).data)).toEqual([red, red, green, red, red, red].flat());
});

test("a cut, empty or unknown bitmap is an error wherever it ends", () => {
  for (const bytes of Object.values(files)) {
    expect(bitmapSize(bytes)?.width).toBeGreaterThan(0);
    for (let length = 2; length < bytes.length - 3; length++)
      expect(() => decodeBitmap(bytes.subarray(0, length))).toThrow("truncated BMP image");
  }
  expect(() => decodeBitmap(bitmap({ width: 0, height: 1, bits: 24, pixels: [] }))).toThrow("without pixels");
  expect(() => decodeBitmap(bitmap({ width: 1, height: 1, bits: 24, compression: 4, pixels: [] }))).toThrow(
    "compression 4",
  );
});
