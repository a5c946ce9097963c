/** Sources that put two training pictures together: of which pictures, and how. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { othersOf } from "./partners.js";
import { openSource } from "./plan.js";

const size = 16;
const labels = Int32Array.of(0, 1, 0, 1, 2);
const plane = size * size;
// every pixel tells its picture: 10, 60, 110, 160, 210
const pixels = Uint8Array.from({ length: 5 * 3 * plane }, (_, at) => 10 + 50 * Math.floor(at / (3 * plane)));

const open = (id: string, of: Int32Array = labels) =>
  openSource(
    id,
    {
      folders: {},
      seed: 0,
      classes: 3,
      imageSize: size,
      images: memoryImageSet("train", pixels, of, ["a", "b", "c"]),
    },
    {},
  );

it("partners are of another class, each as often", () => {
  const other = othersOf(labels, "mix");
  const random = new Random(1, "test");
  const seen = [0, 0, 0, 0, 0];
  for (let step = 0; step < 600; step++) {
    const partner = other(0, random, step, 0);
    seen[partner] = (seen[partner] ?? 0) + 1;
  }
  expect([seen[0], seen[2]]).toEqual([0, 0]);
  for (const times of [seen[1], seen[3], seen[4]]) expect(times).toBeGreaterThan(150);
});

it("mix is the average, a half rounded up", async () => {
  const source = await open("mix");
  const values = new Set<number>();
  for (let step = 0; step < 30; step++) for (const value of source.pictures([0], step)) values.add(value);
  // 10 with 60, 160 and 210; never with 110, which is of the same class
  expect([...values].sort((a, b) => a - b)).toEqual([35, 85, 110]);
});

it("cutmix pastes one rectangle of a quarter to a half of the picture, in the same place of all channels", async () => {
  const source = await open("cutmix");
  const shares: number[] = [];
  for (let step = 0; step < 100; step++) {
    const made = source.pictures([1], step);
    const pasted = Array.from({ length: plane }, (_, at) => at).filter((at) => made[at] !== 60);
    expect(new Set(pasted.map((at) => made[at])).size).toBe(1);
    expect([10, 110, 210]).toContain(made[pasted[0] ?? 0]);
    for (const at of pasted) expect([made[plane + at], made[2 * plane + at]]).toEqual([made[at], made[at]]);
    const [rows, columns] = [pasted.map((at) => Math.floor(at / size)), pasted.map((at) => at % size)];
    const extent = (values: readonly number[]): number => Math.max(...values) - Math.min(...values) + 1;
    expect(extent(rows) * extent(columns)).toBe(pasted.length);
    shares.push(pasted.length / plane);
  }
  // sides are rounded to whole pixels
  expect(Math.min(...shares)).toBeGreaterThan(0.2);
  expect(Math.max(...shares)).toBeLessThan(0.56);
  expect(shares.filter((share) => share < 0.375).length).toBeGreaterThan(30);
  expect(shares.filter((share) => share > 0.375).length).toBeGreaterThan(30);
});

describe("training pictures of one class", () => {
  it.each(["mix", "cutmix"])("%s says that it needs two", async (id) => {
    await expect(async () => open(id, new Int32Array(5))).rejects.toMatchObject({ code: "OAL-T136" });
  });
});
