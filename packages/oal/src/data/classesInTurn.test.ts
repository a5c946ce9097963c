import { describe, expect, it } from "vitest";
import { classesInTurn } from "./classesInTurn.js";

const labels = [2, 0, 2, 2, 5, 0, 2];
const choose = (count: number, seed = 1, purpose = "test") => [
  ...classesInTurn(labels, count, seed, purpose),
];

describe("classesInTurn", () => {
  it("takes the classes in turn and every row of a class once before any again", () => {
    const rows = choose(12);
    expect(rows.map((row) => labels[row])).toEqual([0, 2, 5, 0, 2, 5, 0, 2, 5, 0, 2, 5]);
    const ofClass = (label: number) => rows.filter((row) => labels[row] === label);
    expect(new Set(ofClass(2))).toEqual(new Set([0, 2, 3, 6]));
    expect(new Set(ofClass(0).slice(0, 2))).toEqual(new Set([1, 5]));
    expect(ofClass(0).slice(2)).toEqual(ofClass(0).slice(0, 2));
    expect(ofClass(5)).toEqual([4, 4, 4, 4]);
  });

  it("does so where a class has as many rows as there are classes, too", () => {
    const three = [0, 1, 2, 0, 1, 2, 0, 1, 2];
    expect([...classesInTurn(three, 9, 1, "test")].sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
  });

  it("depends on seed and purpose alone, and a longer choice begins with the shorter", () => {
    expect(choose(12)).toEqual(choose(12));
    expect(choose(12).slice(0, 5)).toEqual(choose(5));
    const others = [2, 3, 4, 5].map((seed) => choose(12, seed).join());
    expect(new Set([choose(12).join(), ...others]).size).toBeGreaterThan(1);
    const ends = ["a", "b", "c", "d"].map((purpose) => choose(12, 1, purpose).join());
    expect(new Set(ends).size).toBeGreaterThan(1);
  });
});
