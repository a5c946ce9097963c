import { describe, expect, it } from "vitest";
import { bankRows } from "./embeddings.js";

/** 12 images of class 0, 6 of class 1 and 2 of class 2, mixed. */
const labels = Int32Array.of(0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 2, 0, 1, 0, 0);

const counts = (rows: readonly number[]): number[] =>
  [0, 1, 2].map((label) => rows.filter((row) => labels[row] === label).length);

describe("the rows of an embedding bank", () => {
  it("are so many of each class, or all where there are fewer, in the set's order", () => {
    expect(counts(bankRows(labels, 3, 1, 7))).toEqual([1, 1, 1]);
    expect(counts(bankRows(labels, 3, 3, 7))).toEqual([3, 3, 2]);
    expect(counts(bankRows(labels, 3, 6, 7))).toEqual([6, 6, 2]);
    expect(counts(bankRows(labels, 3, 100, 7))).toEqual([12, 6, 2]);
    const rows = bankRows(labels, 3, 4, 7);
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
  });

  it("are drawn by the seed from the whole class", () => {
    expect(bankRows(labels, 3, 3, 7)).toEqual(bankRows(labels, 3, 3, 7));
    const seen = new Set(Array.from({ length: 40 }, (_, seed) => bankRows(labels, 3, 2, seed)).flat());
    expect(seen.size).toBe(20);
  });

  it("leave no image of a wrong label out in silence", () => {
    for (const wrong of [-1, 3])
      expect(() => bankRows(Int32Array.of(0, wrong, 2), 3, 2, 7)).toThrow(`label ${wrong}`);
  });
});
