/** Numbers over whole sets, shares of splits and reach of augmentation, counted by hand. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { augmentBatch, batchIndices } from "./batches.js";
import { memoryImageSet, subsetImageSet } from "./imageSet.js";
import { stratifiedSplit } from "./split.js";
import { findOverlap, measureNormalisation } from "./statistics.js";

/** A set of 1x1 pictures of one colour each. */
const colours = (pixels: readonly (readonly [number, number, number])[], labels = pixels.map(() => 0)) =>
  memoryImageSet("colours", Uint8Array.from(pixels.flat()), labels, ["a", "b"]);

describe("figures of a set", () => {
  it("mean and deviation are those of all pixels per channel; a constant channel counts as 1/255", () => {
    const { mean, std } = measureNormalisation(
      colours([
        [0, 51, 255],
        [255, 51, 255],
        [255, 51, 255],
        [0, 51, 255],
      ]),
    );
    expect(mean).toEqual([0.5, 0.2, 1].map((value): unknown => expect.closeTo(value, 12)));
    expect(std).toEqual([0.5, 1 / 255, 1 / 255].map((value): unknown => expect.closeTo(value, 12)));
  });

  it("every image of a set that is in the other counts, repeats too", () => {
    const known = colours([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const other = colours([
      [4, 5, 6],
      [3, 2, 1],
      [4, 5, 6],
    ]);
    expect(findOverlap(known, other)).toBe(2);
    expect(findOverlap(other, known)).toBe(1);
  });

  it("the hash tells pixels, labels, ids, class names and the choice of a part apart", () => {
    const make = (pixel = 1, label = 0, id = "i", name = "a") =>
      memoryImageSet("any name", Uint8Array.of(pixel, 0, 0, 7, 7, 7), [label, 1], [name, "b"], [id, "j"]);
    const hashes = [
      make(),
      make(2),
      make(1, 1),
      make(1, 0, "k"),
      make(1, 0, "i", "c"),
      subsetImageSet(make(), [0]),
      subsetImageSet(make(), [1]),
    ].map(({ contentHash }) => contentHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(make().contentHash).toBe(hashes[0]);
  });
});

describe("a stratified split", () => {
  const counts = (size: number, validation: number, test: number): number[] => {
    const parts = stratifiedSplit(new Int32Array(size), 3, { validation, test });
    return [parts.train.length, parts.validation.length, parts.test.length];
  };

  it("rounds shares to the nearest image, gives small classes one, and none for a share of 0", () => {
    expect(counts(9, 0.15, 0.25)).toEqual([6, 1, 2]);
    expect(counts(10, 0.15, 0.25)).toEqual([5, 2, 3]);
    expect(counts(4, 0.1, 0.1)).toEqual([2, 1, 1]);
    expect(counts(5, 0, 0.4)).toEqual([3, 0, 2]);
    expect(counts(5, 0.4, 0)).toEqual([3, 2, 0]);
  });
});

describe("the order of an epoch", () => {
  it("is another in every epoch", () => {
    const epochs = [0, 1, 2].map((epoch) => [...batchIndices(1, epoch, 30, 30)].join());
    expect(new Set(epochs).size).toBe(3);
  });
});

describe("augmentation", () => {
  it("crops reach every place of the padded picture, rows and columns on their own", () => {
    const side = 5;
    const count = 400;
    // Pixel (y, x) has the value 1 + 5 y + x; what stands in the middle tells where the crop was.
    const picture = Array.from({ length: 3 * side * side }, (_, i) => 1 + (i % (side * side)));
    const all = Uint8Array.from(Array.from({ length: count }, () => picture).flat());
    const spec = { flip: "none", crop: { padding: 2, mode: "zero" } } as const;
    const indices = Array.from({ length: count }, (_, i) => i);
    const out = augmentBatch(all, spec, new Random(1, "crop"), 0, 0, indices);
    const middles = indices.map((i) => out[i * 75 + 2 * side + 2]);
    expect(new Set(middles).size).toBe(25);
    expect(middles).not.toContain(0);
  });

  it("cutout is a square around its centre, cut at the border", () => {
    const [side, count] = [9, 600];
    const pixels = new Uint8Array(count * 3 * side * side).fill(200);
    const indices = Array.from({ length: count }, (_, i) => i);
    const spec = { flip: "none", cutout: 3, cutoutFill: [1, 2, 3] } as const;
    const out = augmentBatch(pixels, spec, new Random(2, "cutout"), 0, 0, indices);
    const boxes = indices.map((i) => {
      const plane = out.subarray(i * 243, i * 243 + 81);
      const painted = [...plane.keys()].filter((at) => plane[at] === 1);
      const [ys, xs] = [painted.map((at) => Math.floor(at / side)), painted.map((at) => at % side)];
      const box = [Math.min(...ys), Math.max(...ys), Math.min(...xs), Math.max(...xs)];
      const [top = 0, bottom = 0, left = 0, right = 0] = box;
      expect(painted).toHaveLength((bottom - top + 1) * (right - left + 1));
      return { rows: `${top}-${bottom}`, columns: `${left}-${right}` };
    });
    // A centre at y covers y - 1 to y + 1; every centre comes up in 600 draws.
    const ranges = Array.from(
      { length: side },
      (_, y) => `${Math.max(0, y - 1)}-${Math.min(side - 1, y + 1)}`,
    );
    expect(new Set(boxes.map(({ rows }) => rows))).toEqual(new Set(ranges));
    expect(new Set(boxes.map(({ columns }) => columns))).toEqual(new Set(ranges));
    expect(boxes.filter(({ rows, columns }) => rows === columns).length).toBeLessThan(count / 4);
    expect([...out].filter((value) => value === 2).length).toBe(
      [...out].filter((value) => value === 3).length,
    );
  });
});
