/** Choices among the pictures of a source: what was looked at is what is shown, whatever seed the training has. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "oal-core";
import { expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { auditStageOf, openSource, planSource } from "./plan.js";
import { candidatesAmong, chosenPictures, readChoice, writeChoice } from "./choice.js";

const pixels = Uint8Array.from(new Random(3, "pictures").uniforms(0, 6 * 192), (u) => 255 * u);
const images = memoryImageSet("train", pixels, new Int32Array(6), ["a"]);
const request = { folders: {}, seed: 5, classes: 1, imageSize: 8, images };
const folder = (): string => mkdtempSync(join(tmpdir(), "oal-choice-"));

it("rows alone are made anew in every step, of the chosen pictures", async () => {
  const source = await openSource("rotate", request, {});
  const chosen = chosenPictures(source, { rows: [4, 1] });
  expect(chosen.count).toBe(2);
  expect(chosen.pictures([1, 0, 1], 8)).toEqual(source.pictures([1, 4, 1], 8));
  expect(chosen.teacherLogits).toBeUndefined();
});

it("pictures that were looked at come again in a training with another seed, with the teacher's logits", async () => {
  const audited = folder();
  const rows = [2, 5, 2];
  const steps = [0, 0, 1];
  const logits = Float32Array.from([1, 2, 3, 4, 5, 6]);
  await writeChoice(audited, { rows, steps, seed: 5, teacherLogits: logits });
  const looked = await openSource("phase", request, {});
  const wanted = rows.flatMap((row, i) => [...looked.pictures([row], steps[i] ?? 0)]);
  const folders = { [auditStageOf("phase")]: audited };
  const shown = await openSource("phase", { ...request, folders, seed: 77 }, {});
  expect(shown.count).toBe(3);
  for (const step of [0, 9]) expect([...shown.pictures([0, 1, 2], step)]).toEqual(wanted);
  expect(shown.pictures([2], 4)).toEqual(looked.pictures([2], 1));
  expect(shown.teacherLogits).toEqual(logits);
  expect((await readChoice(audited))?.seed).toBe(5);
  expect(await readChoice(folder())).toBeUndefined();
});

it("pictures to choose among are turned each by an angle of its own, and those that are there already come once", async () => {
  const upright = Uint8Array.from({ length: 192 }, (_, i) => (7 * i) % 256);
  const same = memoryImageSet(
    "train",
    Uint8Array.from({ length: 8 * 192 }, (_, i) => upright[i % 192] ?? 0),
    new Int32Array(8),
    ["a"],
  );
  const source = await openSource("rotate", { ...request, images: same }, {});
  const anglesOf = (rows: readonly number[], count: number): number => {
    const all = chosenPictures(source, candidatesAmong(rows, count, true));
    const pixels = all.pictures(
      Array.from({ length: count }, (_, i) => i),
      0,
    );
    const pictures = Array.from({ length: count }, (_, i) => pixels.subarray(192 * i, 192 * (i + 1)).join());
    return new Set(pictures).size;
  };
  expect(anglesOf([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBeGreaterThan(1);
  // and one picture becomes many
  expect(anglesOf([5], 40)).toBe(3);
  expect(candidatesAmong([4, 2], 2, false)).toEqual({
    rows: Int32Array.of(4, 2),
    steps: Int32Array.of(0, 0),
  });
});

it("fewer pictures than rows are of rows from all over them, so that classes that lie one behind the other all have some", () => {
  const labels = Array.from({ length: 50 }, (_, row) => Math.floor(row / 5));
  const { rows } = candidatesAmong(Array.from(labels.keys()), 20, true);
  expect(Array.from(rows, (row) => labels[row])).toEqual(
    Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)),
  );
  expect(new Set(rows).size).toBe(20);
  // of rows that were left, too; and beyond them they begin anew
  expect(candidatesAmong([3, 7, 40, 41], 2, true).rows).toEqual(Int32Array.of(3, 40));
  expect(candidatesAmong([3, 7], 5, true).rows).toEqual(Int32Array.of(3, 7, 3, 7, 3));
});

it("a source that is chosen from is planned with its section and logits, in a union too", () => {
  const keep = { keep: { sources: { phase: [0, 0.5] } } };
  expect(planSource("phase", keep)).toMatchObject({ sections: ["keep"], hasTeacherLogits: true });
  expect(planSource("phase", {})).toMatchObject({ sections: [], hasTeacherLogits: false });
  const both = (id: string) => planSource("union", { ...keep, union: { members: { phase: 1, [id]: 1 } } });
  expect(both("latents").hasTeacherLogits).toBe(true);
  expect(both("jigsaw").hasTeacherLogits).toBe(false);
  expect(both("jigsaw").origins.map(({ id }) => id)).toEqual(["phase", "jigsaw"]);
});
