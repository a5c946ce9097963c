import { expect, it } from "vitest";
import { memoryImageSet } from "./imageSet.js";
import { inColoursOf } from "./tinted.js";

/** Pictures of 2 x 2 pixels whose three channels are given. */
const set = (name: string, ...pictures: readonly (readonly number[][])[]) =>
  memoryImageSet(
    name,
    Uint8Array.from(pictures.flat(2)),
    pictures.map(() => 0),
    ["a"],
  );

it("gives each picture the mean and deviation per channel of a picture of the other set", () => {
  const drawings = set(
    "drawings",
    [
      [0, 10, 0, 10],
      [100, 100, 200, 200],
      [7, 7, 7, 7],
    ],
    [
      [0, 0, 0, 4],
      [1, 2, 3, 4],
      [9, 9, 9, 8],
    ],
    [
      [0, 10, 0, 10],
      [0, 10, 0, 10],
      [0, 10, 0, 10],
    ],
  );
  const photos = set(
    "photos",
    [
      [80, 120, 80, 120],
      [30, 60, 60, 30],
      [50, 90, 50, 90],
    ],
    [
      [5, 5, 5, 5],
      [255, 255, 255, 255],
      [0, 0, 0, 0],
    ],
  );
  const tinted = inColoursOf(drawings, photos, "val_tinted");
  expect([tinted.name, tinted.count, Array.from(tinted.labels), tinted.classNames]).toEqual([
    "val_tinted",
    3,
    [-1, -1, -1],
    [],
  ]);
  // a flat channel has no shape to keep
  expect(Array.from(tinted.read([0]))).toEqual([80, 120, 80, 120, 30, 30, 60, 60, 70, 70, 70, 70]);
  // the third takes the colours of the first again
  expect(Array.from(tinted.read([2]))).toEqual([80, 120, 80, 120, 30, 60, 30, 60, 50, 90, 50, 90]);
  // in the colours of a flat picture a drawing keeps a faint trace, so that it is no copy of that picture
  const [first] = tinted.read([1]);
  const trace = Array.from(tinted.read([1]));
  expect(trace.slice(0, 4)).toEqual([first, first, first, 19]);
  expect(first).toBe(0);
  expect(trace.slice(4, 8)).toEqual([244, 251, 255, 255]);
});
