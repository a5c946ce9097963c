/** Percentiles by counting are those of the sorted list. */
import { expect, it } from "vitest";
import { Random } from "../../random/index.js";
import { algebraHere } from "./algebra.js";
import { elementPercentiles } from "./elementPercentiles.js";
import { percentile } from "./statistics.js";

/** Streams of batches, and how often they were read. */
function streamsOf(batches: readonly Float32Array[]) {
  const passes = { count: 0 };
  const streams = {
    set: "train",
    count: batches.length,
    classes: 1,
    algebra: algebraHere,
    head: () => expect.unreachable(),
    async *batches() {
      passes.count++;
      for (const data of batches) {
        yield { count: 1, labels: Int32Array.of(0), taps: { features: { shape: [1, data.length], data } } };
        await Promise.resolve();
      }
    },
  } as const;
  return { streams, passes };
}

it("whatever the numbers, in two passes", async () => {
  const normals = new Random(3, "elements").normals(0, 3000);
  // numbers that share the upper half of their bits, and zeros of both signs
  const near = Float32Array.from({ length: 500 }, (_, i) => 1 + i * 2 ** -20);
  const odd = Float32Array.of(0, -0, Infinity, -Infinity, 1e-40, -1e-40, 3e38);
  for (const parts of [[normals], [near, normals], [odd, near], [Float32Array.of(-7)]]) {
    const { streams, passes } = streamsOf(parts.map((part) => part.slice()));
    const asked = [0, 10, 33.3, 50, 85, 90, 99.9, 100];
    const found = await elementPercentiles(streams, "features", asked);
    const sorted = Float32Array.from(parts.flatMap((part) => Array.from(part))).sort();
    expect(found).toEqual(asked.map((q) => percentile(sorted, q)));
    expect(passes.count).toBe(2);
  }
});

it("counts what is no number as the largest, and has none of nothing", async () => {
  const { streams } = streamsOf([Float32Array.of(1, NaN, 2, -NaN)]);
  const found = await elementPercentiles(streams, "features", [0, 30, 100]);
  expect(found).toEqual([1, expect.closeTo(1.9, 6), NaN]);
  expect(await elementPercentiles(streamsOf([]).streams, "features", [50])).toEqual([NaN]);
});
