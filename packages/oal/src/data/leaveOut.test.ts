/** A class that is made unknown. */
import { expect, it } from "vitest";
import { memoryImageSet } from "./imageSet.js";
import { withoutClass } from "./leaveOut.js";

const classNames = ["ant", "bee", "cow"];
/** Image i is all of value `from + i`. */
const set = (name: string, from: number, labels: readonly number[]) =>
  memoryImageSet(
    name,
    Uint8Array.from({ length: labels.length * 12 }, (_, i) => from + Math.floor(i / 12)),
    labels,
    classNames,
  );

it("leaves all parts, whose other classes close up, and becomes one set of unknown images", () => {
  const parts = {
    train: set("train", 0, [0, 1, 2, 1]),
    validation: set("validation", 10, [2, 1]),
    test: set("test", 20, [0, 2]),
  };
  const { known, leftOut } = withoutClass(parts, "bee");
  expect([...known.train.labels]).toEqual([0, 1]);
  expect(known.train.classNames).toEqual(["ant", "cow"]);
  expect(known.train.read([1])[0]).toBe(2);
  expect([...known.validation.labels, ...known.test.labels]).toEqual([1, 0, 1]);
  expect([...leftOut.labels]).toEqual([-1, -1, -1]);
  expect(leftOut.ids).toEqual(["train/1", "train/3", "validation/1"]);
  const pixels = leftOut.read([2, 0, 1]);
  expect([pixels[0], pixels[12], pixels[24]]).toEqual([11, 1, 3]);
  expect(leftOut.contentHash).not.toBe(withoutClass(parts, "cow").leftOut.contentHash);
  expect(known.test.contentHash).not.toBe(parts.test.contentHash);
});

it("needs an image of another class in every part", () => {
  const parts = { train: set("train", 0, [0, 1]), validation: set("v", 0, [1]), test: set("t", 0, [0, 1]) };
  expect(() => withoutClass(parts, "bee")).toThrow("no image of v was chosen");
});
