/** Which outliers a step shows, where epochs end in a smaller one. */
import { expect, it } from "vitest";
import { batchIndices } from "../../data/batches.js";
import { outlierSideData, type OutlierPictures } from "./outliers.js";

const [seed, count, wholeBatch, left, every] = [3, 40, 8, 4, 3] as const;

/** The rows of every step: of a whole batch, and of every third a smaller one. */
function shown(choose?: OutlierPictures["choose"]): readonly (readonly number[])[] {
  const rows: number[][] = [];
  const source: OutlierPictures = {
    count,
    ...(choose ? { choose } : {}),
    pictures: (chosen) => {
      rows.push(Array.from(chosen));
      return new Uint8Array(3 * chosen.length);
    },
  };
  const common = {
    seed,
    wholeBatch,
    classes: 2,
    imageSize: 1,
    augmentation: { flip: "none" },
    fraction: 1,
  } as const;
  const [whole, rest] = [wholeBatch, left].map((batchSize) =>
    outlierSideData(source, { ...common, batchSize }),
  );
  for (let step = 0; step < 2 * (count / wholeBatch); step++)
    ((step + 1) % every === 0 ? rest : whole)?.[0]?.rows(step, []);
  return rows;
}

it("no outlier comes up twice before all others could have", () => {
  const rows = shown();
  expect(rows.map(({ length }) => length)).toEqual([8, 8, 4, 8, 8, 4, 8, 8, 4, 8]);
  for (const epoch of [rows.slice(0, 5), rows.slice(5)]) {
    const all = epoch.flat();
    expect(new Set(all).size).toBe(all.length);
  }
  // those of whole batches are as they were without a rest
  rows.forEach((chosen, step) => {
    const order = Array.from(batchIndices(seed, step, count, wholeBatch, "data/outliers"));
    if (chosen.length === wholeBatch) expect(chosen).toEqual(order);
    else expect(order).toEqual(expect.arrayContaining([...chosen]));
  });
});

it("a smaller step shows some of every member of a union", () => {
  const rows = shown((step, size) => Array.from({ length: size }, (_, i) => 10 * step + i));
  expect(rows[2]).toEqual([20, 22, 24, 26]);
  expect(rows[3]).toEqual([30, 31, 32, 33, 34, 35, 36, 37]);
});
