import { expect, it } from "vitest";
import { classesInTurn } from "../data/classesInTurn.js";
import { chosenConditions } from "./chosenConditions.js";

/** 100 classes of 12 embeddings. */
const labels = Int32Array.from({ length: 1200 }, (_, row) => Math.floor(row / 12));
const labelsOf = (rows: Int32Array): number[] => Array.from(rows, (row) => labels[row] ?? -1);

it("takes classes in turn, from all embeddings or the first ones of every class", () => {
  const options = { count: 300, draw: "inTurn", perClass: 0, seed: 4 } as const;
  expect(chosenConditions(labels, options)).toEqual(classesInTurn(labels, 300, 4, "synthesis/choice"));
  const first = chosenConditions(labels, { ...options, perClass: 5 });
  expect(Math.max(...Array.from(first, (row) => row % 12))).toBe(4);
  expect(labelsOf(first).slice(0, 100)).toEqual([...Array(100).keys()]);
});

it("draws a class for every three latents as published: they share an embedding, and a third of the classes gets none", () => {
  const rows = chosenConditions(labels, { count: 300, draw: "published", perClass: 5, seed: 4 });
  for (let i = 0; i < 300; i += 3) expect(new Set(rows.subarray(i, i + 3)).size).toBe(1);
  expect(Math.max(...Array.from(rows, (row) => row % 12))).toBe(4);
  // 100 draws of 100 classes leave (1 - 1/100)^100 = 37 % out, give or take 3 %
  const left = 100 - new Set(labelsOf(rows)).size;
  expect(left).toBeGreaterThan(27);
  expect(left).toBeLessThan(47);
  expect(chosenConditions(labels, { count: 4, draw: "published", perClass: 0, seed: 4 })).toHaveLength(4);
});
