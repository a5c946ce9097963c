import fc from "fast-check";
import { expect, test } from "vitest";
import { centreCrop, type RgbImage } from "./image.js";
import { preprocessImage } from "./preprocess.js";
import { resizeImage, resizeShorterSide } from "./resize.js";

function noise(height: number, width: number): RgbImage {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  return { height, width, data };
}

test("making only what is kept gives the bits of resizing first and cropping then", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      fc.constantFrom("bilinear", "bicubic", "nearest"),
      (height, width, resize, crop, interpolation) => {
        const image = noise(height, width);
        const whole = centreCrop(resizeShorterSide(image, resize, interpolation), crop);
        const kept = preprocessImage(image, { resize, crop, interpolation });
        expect(kept.height).toBe(whole.height);
        expect(kept.width).toBe(whole.width);
        expect(Buffer.compare(kept.data, whole.data)).toBe(0);
        const squeezed = centreCrop(resizeImage(image, resize, crop, interpolation), crop);
        const made = preprocessImage(image, { resize: [resize, crop], crop, interpolation });
        expect([made.height, made.width]).toEqual([crop, crop]);
        expect(Buffer.compare(made.data, squeezed.data)).toBe(0);
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

test("a picture of one row becomes a square of its middle, however long it is", () => {
  const data = new Uint8Array(3 * 20_000_000).fill(9);
  for (const [height, width] of [
    [1, 20_000_000],
    [20_000_000, 1],
  ] as const) {
    const image = preprocessImage({ height, width, data }, { resize: 32, crop: 32 });
    expect([image.height, image.width, image.data.every((value) => value === 9)]).toEqual([32, 32, true]);
  }
});

test("a rule that is neither a side nor two of them is refused by name", () => {
  for (const resize of [0, 1.5, [0, 4], [4, 4.5], [4], [4, 4, 4], "4", null])
    expect(() => Reflect.apply(preprocessImage, null, [noise(3, 5), { resize, crop: 2 }])).toThrow(
      expect.objectContaining({
        code: "OAL-C120",
        details: expect.objectContaining({ argument: "spec.resize" }),
      }),
    );
});
