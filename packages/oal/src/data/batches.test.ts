import { readFileSync } from "node:fs";
import { join } from "node:path";
import { preprocessImage, Random, toPlanes } from "oal-core";
import { describe, expect, test } from "vitest";
import { loadManifest } from "../testing/golden.js";
import { augmentBatch, batchIndices, epochOf, restOf, stepsPerEpoch, transformPlanes } from "./batches.js";
import { decodeImage } from "./decode.js";

/** Planes of an [H, W, 3] image. */
function planesOf(data: ArrayLike<number | bigint>): Uint8Array {
  const plane = data.length / 3;
  return Uint8Array.from({ length: data.length }, (_, i) =>
    Number(data[(i % plane) * 3 + Math.floor(i / plane)]),
  );
}

const manifest = loadManifest("preprocess");
const crops = (manifest?.cases ?? []).filter((c) => "padding" in c.hyper);

describe.skipIf(crops.length === 0)("flip and padded crop equal the published training transform", () => {
  for (const golden of crops) {
    test(golden.id, async () => {
      const want = planesOf(golden.tensor("pixels").data);
      const got = new Uint8Array(want.length);
      const { padding, flip, top, left, image, pre_size: resize, image_size: crop } = golden.hyper;
      const decoded = await decodeImage(readFileSync(join(golden.folder, String(image))), String(image));
      const plain = toPlanes(preprocessImage(decoded, { resize: Number(resize), crop: Number(crop) }));
      const transform = { flip: flip === true, top: Number(top), left: Number(left) };
      transformPlanes(plain, Number(crop), transform, Number(padding), "zero", got);
      expect(Array.from(got)).toEqual(Array.from(want));
    });
  }
});

const ramp = (n: number, side: number): Uint8Array =>
  Uint8Array.from({ length: n * 3 * side * side }, (_, i) => (i % 199) + 1);

test("reflection mirrors without repeating the edge, black lies outside otherwise", () => {
  const row = [10, 20, 30];
  const image = Uint8Array.from([...row, ...row, ...row, ...row, ...row, ...row, ...row, ...row, ...row]);
  const out = new Uint8Array(27);
  transformPlanes(image, 3, { flip: false, top: 2, left: 0 }, 2, "reflect", out);
  expect(Array.from(out.subarray(0, 3))).toEqual([30, 20, 10]);
  transformPlanes(image, 3, { flip: false, top: 2, left: 4 }, 2, "reflect", out);
  expect(Array.from(out.subarray(0, 3))).toEqual([30, 20, 10]);
  transformPlanes(image, 3, { flip: false, top: 2, left: 3 }, 2, "reflect", out);
  expect(Array.from(out.subarray(0, 3))).toEqual([20, 30, 20]);
  transformPlanes(image, 3, { flip: true, top: 2, left: 1 }, 2, "zero", out);
  expect(Array.from(out.subarray(0, 3))).toEqual([0, 30, 20]);
});

test("rows are reflected at the lower edge as columns are at the right one", () => {
  const image = Uint8Array.from({ length: 27 }, (_, i) => 10 * (Math.floor(i / 3) % 3) + 10);
  const out = new Uint8Array(27);
  const firstColumn = (): number[] => [0, 3, 6].map((i) => out[i] ?? 0);
  transformPlanes(image, 3, { flip: false, top: 4, left: 2 }, 2, "reflect", out);
  expect(firstColumn()).toEqual([30, 20, 10]);
  transformPlanes(image, 3, { flip: false, top: 1, left: 2 }, 2, "reflect", out);
  expect(firstColumn()).toEqual([20, 10, 20]);
});

test("alternating flip turns every image every epoch and starts with a coin", () => {
  const pixels = ramp(64, 4);
  const indices = Array.from({ length: 64 }, (_, i) => i * 7);
  const run = (epoch: number): Uint8Array =>
    augmentBatch(pixels, { flip: "alternating" }, new Random(3, "augment"), 11, epoch, indices);
  const first = run(0);
  const second = run(1);
  expect(run(2)).toEqual(first);
  let flipped = 0;
  for (let i = 0; i < 64; i++) {
    const part = (x: Uint8Array): string => x.subarray(i * 48, (i + 1) * 48).join();
    expect(part(first)).not.toBe(part(second));
    if (part(first) !== part(pixels)) flipped++;
  }
  expect(flipped).toBeGreaterThan(16);
  expect(flipped).toBeLessThan(48);
});

test("augmentation depends on seed and step alone; cutout paints a square", () => {
  const pixels = ramp(8, 8);
  const spec = {
    flip: "random",
    crop: { padding: 2, mode: "zero" },
    cutout: 4,
    cutoutFill: [7, 8, 9],
  } as const;
  const indices = [0, 1, 2, 3, 4, 5, 6, 7];
  const run = (step: number): Uint8Array =>
    augmentBatch(pixels, spec, new Random(1, "augment"), step, 0, indices);
  expect(run(5)).toEqual(run(5));
  expect(run(5)).not.toEqual(run(6));
  const plain = augmentBatch(
    pixels,
    { flip: "none", cutout: 4, cutoutFill: [0, 0, 0] },
    new Random(1, "augment"),
    5,
    0,
    indices,
  );
  for (let i = 0; i < 8; i++) {
    const painted = plain.subarray(i * 192, i * 192 + 64).filter((v) => v === 0).length;
    expect([4, 6, 8, 9, 12, 16]).toContain(painted);
  }
  expect(augmentBatch(pixels, { flip: "none" }, new Random(1, "augment"), 5, 0, indices)).toEqual(pixels);
});

test("an epoch visits every image at most once, in another order each time", () => {
  expect(stepsPerEpoch(10, 3)).toBe(3);
  expect(epochOf(3, 10, 3)).toBe(1);
  const epoch = (e: number): number[] =>
    [0, 1, 2].flatMap((s) => Array.from(batchIndices(1, e * 3 + s, 10, 3)));
  expect(new Set(epoch(0)).size).toBe(9);
  expect(epoch(0)).not.toEqual(epoch(1));
  expect(batchIndices(1, 2, 10, 3)).toEqual(batchIndices(1, 2, 10, 3));
  expect(batchIndices(1, 2, 10, 3)).not.toEqual(batchIndices(2, 2, 10, 3));
});

test("a batch larger than the set repeats images evenly", () => {
  const counts = new Map<number, number>();
  for (const i of batchIndices(1, 0, 3, 7)) counts.set(i, (counts.get(i) ?? 0) + 1);
  expect(counts.size).toBe(3);
  expect([...counts.values()].sort((a, b) => a - b)).toEqual([2, 2, 3]);
});

test.each(["zero", "reflect"] as const)(
  "every flip and shift of an image is the same pixel by pixel: %s",
  (mode) => {
    for (const [side, padding] of [
      [7, 0],
      [7, 3],
      [6, 5],
    ] as const) {
      const image = ramp(1, side);
      const out = new Uint8Array(image.length);
      const inside = (i: number): number => {
        if (mode === "reflect") return i < 0 ? -i : i >= side ? 2 * side - 2 - i : i;
        return i < 0 || i >= side ? -1 : i;
      };
      for (const flip of [false, true])
        for (let top = 0; top <= 2 * padding; top++)
          for (let left = 0; left <= 2 * padding; left++) {
            const wanted = Uint8Array.from(image, (_, i) => {
              const [channel, y, x] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
              const [row, column] = [inside(y + top - padding), inside(x + left - padding)];
              if (row < 0 || column < 0) return 0;
              return image[(channel * side + row) * side + (flip ? side - 1 - column : column)] ?? 0;
            });
            out.fill(99);
            transformPlanes(image, side, { flip, top, left }, padding, mode, out);
            expect([flip, top, left, out]).toEqual([flip, top, left, wanted]);
          }
    }
  },
);

test("a rest that is trained on is the end of every epoch's order; a single image is left out", () => {
  const [n, batch] = [11, 4];
  expect(restOf(n, batch, "train")).toBe(3);
  expect([
    restOf(n, batch, "leave"),
    restOf(9, 4, "train"),
    restOf(8, 4, "train"),
    restOf(3, 4, "train"),
  ]).toEqual([0, 0, 0, 0]);
  expect([stepsPerEpoch(n, batch), stepsPerEpoch(n, batch, "train"), stepsPerEpoch(9, 4, "train")]).toEqual([
    2, 3, 2,
  ]);
  for (const epoch of [0, 1, 2]) {
    const steps = [0, 1, 2].map((step) => batchIndices(5, 3 * epoch + step, n, batch, undefined, "train"));
    expect(steps.map(({ length }) => length)).toEqual([4, 4, 3]);
    expect(steps.flatMap((indices) => [...indices]).sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
    expect(epochOf(3 * epoch + 2, n, batch, "train")).toBe(epoch);
    // the whole batches of the first epoch are those of an epoch without it
    if (epoch === 0) expect([...(steps[0] ?? [])]).toEqual([...batchIndices(5, 0, n, batch)]);
  }
});
