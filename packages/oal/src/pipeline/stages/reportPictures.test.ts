import { expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import type { ModelScores, SetScores } from "../../evaluation/result.js";
import { mistakesOf } from "./reportPictures.js";

const setOf = (name: string, count: number, labels: readonly number[]) => ({
  folder: "",
  set: memoryImageSet(name, new Uint8Array(12 * count), labels, ["ant", "bee"]),
});
const test = setOf("id", 3, [0, 1, 1]);
const unknown = setOf("far", 2, [-1, -1]);
const data = {
  test,
  ood: [{ ...unknown, name: "far", group: "far" as const }],
  classNames: ["ant", "bee"],
};

const scoresOf = (set: SetScores["name"], group: SetScores["group"], ebo: readonly number[]): SetScores => ({
  name: set,
  group,
  ids: ebo.map((_, i) => `${set}/${i}.jpg`),
  labels: group === "test" ? test.set.labels : new Int32Array(ebo.length).fill(-1),
  predictions: new Int32Array(ebo.length),
  confidence: { ebo },
});
const model: ModelScores = {
  model: "oal",
  seed: 0,
  detectors: ["ebo"],
  sets: [
    scoresOf("id-validation", "validation", [0]),
    scoresOf("id", "test", [5, 1, 2]),
    scoresOf("far", "far", [2, 1.9]),
  ],
};

it("a known image is a mistake only below the threshold, an unknown one only from it on, each with its name", async () => {
  const { mistakes, counts } = await mistakesOf(model, "ebo", 2, data);
  expect(mistakes.map(({ kind, id, label, prediction }) => [kind, id, label, prediction])).toEqual([
    ["id-rejected", "id/1.jpg", "bee", "ant"],
    ["ood-accepted", "far/0.jpg", undefined, "ant"],
  ]);
  expect(counts).toEqual({
    model: "oal",
    detector: "ebo",
    threshold: 2,
    rejected: { count: 1, of: 3 },
    accepted: { count: 1, of: 2 },
  });
  const { mistakes: none } = await mistakesOf(model, "ebo", 1, data);
  expect(none.filter(({ kind }) => kind === "id-rejected")).toEqual([]);
});
