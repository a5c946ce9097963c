/** Parts follow from content and seed alone, class by class. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { divide, foldsOf, type Divided } from "./parts.js";

const picture = (folder: number, i: number): Divided => ({
  folder,
  hash: createHash("sha256").update(`${folder} ${i}`).digest("hex"),
});
const folderOf = (sizes: readonly number[]): Divided[] =>
  sizes.flatMap((size, folder) => Array.from({ length: size }, (_, i) => picture(folder, i)));
const counts = (pictures: readonly Divided[], options = {}): number[][] => {
  const parts = divide(pictures, { seed: 0, keep: 0.95, ...options });
  const folders = [...new Set(pictures.map(({ folder }) => folder))];
  return folders.map((folder) =>
    ["train", "calibration", "test"].map(
      (part) => pictures.filter((own, i) => own.folder === folder && parts[i] === part).length,
    ),
  );
};

describe("parts", () => {
  it("have their shares in every class", () => {
    expect(counts(folderOf([60, 60, 60]))).toEqual([
      [42, 9, 9],
      [42, 9, 9],
      [42, 9, 9],
    ]);
    expect(counts(folderOf([60, 60, 60]), { shares: { calibration: 0.2, test: 0.5 } })[0]).toEqual([
      18, 12, 30,
    ]);
  });

  it("do not depend on the order of pictures, and change with the seed", () => {
    const pictures = folderOf([30, 30]);
    const partOf = (list: readonly Divided[], seed: number): Map<string, string> =>
      new Map(divide(list, { seed, keep: 0.95 }).map((part, i) => [list[i]?.hash ?? "", part]));
    const forward = partOf(pictures, 3);
    expect(partOf(pictures.toReversed(), 3)).toEqual(forward);
    expect(partOf(pictures, 4)).not.toEqual(forward);
  });

  it("calibrate with as many as the promise takes, where a third of every class suffices", () => {
    const sum = (sizes: readonly number[], keep: number): number =>
      counts(folderOf(sizes), { keep }).reduce((all, [, own = 0]) => all + own, 0);
    expect(sum([30, 30], 0.95)).toBeGreaterThanOrEqual(19);
    expect(sum([15, 15], 0.95)).toBe(10);
    expect(sum([15, 15], 0.9)).toBe(9);
  });

  it("leave something to train on, to calibrate with and to measure in the smallest folders", () => {
    expect(counts(folderOf([1, 1]))).toEqual([
      [1, 0, 0],
      [1, 0, 0],
    ]);
    for (const sizes of [[2, 2], [3, 3], [1, 2], [5, 1, 1], [4]]) {
      const made = counts(folderOf(sizes));
      expect(made.every(([train = 0]) => train >= 1)).toBe(true);
      expect(made.reduce((all, [, own = 0]) => all + own, 0)).toBeGreaterThanOrEqual(1);
    }
  });

  it("given by the folder stay as they are", () => {
    const given = folderOf([10, 10]).map((each, i) => ({
      ...each,
      given: i % 2 === 0 ? ("train" as const) : ("test" as const),
    }));
    const parts = divide(given, { seed: 0, keep: 0.95 });
    given.forEach((each, i) => {
      if (each.given === "test") expect(parts[i]).toBe("test");
      else expect(["train", "calibration"]).toContain(parts[i]);
    });
    expect(parts).toContain("calibration");
  });
});

it("folds hold every class", () => {
  const pictures = folderOf([10, 10]);
  const folds = foldsOf(pictures, 5, 0);
  for (const folder of [0, 1])
    expect(new Set(pictures.flatMap((own, i) => (own.folder === folder ? [folds[i]] : [])))).toEqual(
      new Set([0, 1, 2, 3, 4]),
    );
});
