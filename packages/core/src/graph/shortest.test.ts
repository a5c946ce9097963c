import fc from "fast-check";
import { expect, it } from "vitest";
import { shortestFloat32 } from "./index.js";

it("a float32 number in few digits is the same float32 number", () => {
  expect([0.1, 2.1019864, 1 / 3, Infinity, NaN, 0].map(shortestFloat32)).toEqual([
    0.1,
    2.1019864,
    0.33333334,
    Infinity,
    NaN,
    0,
  ]);
  fc.assert(
    fc.property(fc.float(), (value) => {
      const short = shortestFloat32(value);
      expect(Math.fround(short)).toBe(value + 0); // -0 loses its sign
      expect(String(short).length).toBeLessThanOrEqual(String(value).length);
    }),
  );
});
