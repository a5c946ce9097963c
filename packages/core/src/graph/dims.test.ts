/** Arithmetic of open sizes: whatever is said of names holds for every number in their place. */
import { describe, expect, it } from "vitest";
import { Random } from "../random/index.js";
import { differenceOf, floorOfQuotient, isAtLeast, productOf, quotientOf, sumOf, withSizes } from "./dims.js";
import type { Dim } from "./tensor.js";

const names = ["N", "height", "width", "an odd name/2"];

/** A size made by up to `depth` steps, and the number that it is for given sizes. */
function drawn(random: Random, trial: number, sizes: Readonly<Record<string, number>>): [Dim, number] {
  let place = 0;
  const next = (bound: number): number => random.integer(trial, place++, bound);
  const build = (depth: number): [Dim, number] => {
    if (depth === 0 || next(5) === 0) {
      const number = next(7);
      const name = names[next(names.length)] ?? "N";
      return next(3) === 0 ? [number, number] : [name, sizes[name] ?? 0];
    }
    const [a, x] = build(depth - 1);
    const [b, y] = build(depth - 1);
    const divisor = 1 + next(5);
    switch (next(4)) {
      case 0:
        return [sumOf([a, b]), x + y];
      case 1:
        return [differenceOf(a, b), x - y];
      case 2:
        return [productOf([a, b]), x * y];
      default:
        return [floorOfQuotient(a, divisor), Math.floor(x / divisor)];
    }
  };
  return build(3);
}

describe("sizes with names in them", () => {
  it("are the same numbers as without", () => {
    const random = new Random(0, "sizes");
    for (let trial = 0; trial < 3000; trial++) {
      const sizes = Object.fromEntries(
        names.map((name, index) => [name, 1 + random.integer(trial, 200 + index, 9)]),
      );
      const [size, number] = drawn(random, trial, sizes);
      expect(Number(withSizes(size, sizes)) === number, `${size} is ${number}`).toBe(true);
      // Written and read back, as files do it.
      expect(sumOf([size, 0]), String(size)).toBe(size);
      for (const least of [0, 1, 5]) if (isAtLeast(size, least)) expect(number).toBeGreaterThanOrEqual(least);
    }
  });

  it.each<[Dim, Dim]>([
    [productOf(["N", 3]), "3*N"],
    [sumOf(["H", 3, "H"]), "2*H+3"],
    [floorOfQuotient(sumOf([floorOfQuotient(sumOf(["H", 1]), 2), 1]), 2), "floor((H+3)/4)"],
    [differenceOf("H", floorOfQuotient(productOf([3, "H"]), 4)), "floor((H+3)/4)"],
    [sumOf([floorOfQuotient(sumOf(["H", -1]), 2), 1]), "floor((H+1)/2)"],
    [productOf([sumOf(["H", 1]), sumOf(["W", -1])]), "H*W-H+W-1"],
    [quotientOf("3*N", 3) ?? 0, "N"],
    [quotientOf(productOf(["N", sumOf(["T", 1])]), sumOf(["T", 1])) ?? 0, "N"],
    [productOf(["batch size", 2]), "2*{batch size}"],
    [quotientOf("2*{batch size}", 2) ?? 0, "batch size"],
  ])("have one text: %s", (size, text) => {
    expect(size).toBe(text);
  });

  it("have an end", () => {
    const squared = (): Dim => {
      let size = sumOf(["N", "M", 1]);
      for (let step = 0; step < 40; step++) size = productOf([size, size]);
      return size;
    };
    expect(squared).toThrowError("too long an expression");
    const summed = (): Dim =>
      Array.from({ length: 300 }, (_, i) => `n${i}`).reduce<Dim>((a, b) => sumOf([a, b]), 0);
    expect(summed).toThrowError("too long an expression");
    const name = Array.from({ length: 300 }, (_, i) => `n${i}`).join("+");
    expect(withSizes(name, { n1: 2 })).toBe(name);
  });

  it("say what they are surely", () => {
    expect(isAtLeast("N", 1)).toBe(true);
    expect(isAtLeast("N", 2)).toBe(false);
    expect(isAtLeast(differenceOf("N", floorOfQuotient("N", 2)), 1)).toBe(true);
    expect(isAtLeast(differenceOf("N", "M"), 0)).toBe(false);
    expect(quotientOf("N", 2)).toBeUndefined();
  });
});
