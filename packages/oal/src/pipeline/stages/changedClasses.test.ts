/** Which classes stay known when they are changed, of a teacher whose words are written here. */
import { expect, it } from "vitest";
import type { TeacherView } from "../../outliers/setAudit.js";
import { changedSlices, sharesThatStay, type Drawn } from "./changedClasses.js";

/** A teacher that is as sure as the first byte of a picture says. */
function view(sure: readonly number[]): TeacherView {
  const logits = Float32Array.from(sure.flatMap((value) => [value, 0]));
  return { count: sure.length, classes: 2, logits, featureWidth: 1, features: new Float32Array(sure.length) };
}
const look = ({ count, pixels }: Drawn): Promise<TeacherView> =>
  Promise.resolve(view(Array.from({ length: count }, (_, i) => pixels[(i * pixels.length) / count] ?? 0)));

it("a class stays by the share of its changed pictures that are as sure as half of its own", async () => {
  const labels = Int32Array.of(1, 1, 1, 1, 0, 0, 0, 0);
  const known = view([1, 2, 3, 4, 11, 12, 13, 14]);
  // class 1: as it was, whatever is done; class 0: one picture in one of three changes
  const after = (row: number, step: number): number => (row < 4 ? row + 1 : step === 0 && row === 5 ? 13 : 0);
  const changed = {
    pictures: (rows: ArrayLike<number>, step: number) =>
      Uint8Array.from(Array.from(rows, (row) => [after(row, step), 0, 0]).flat()),
  };
  const shares = await sharesThatStay({ changed, validation: { count: 8, height: 1, labels }, known, look });
  expect([...shares]).toEqual([
    [1, 0.5],
    [0, 1 / 12],
  ]);
});

it("a set of more than 64 MB is changed in slices, each for steps of its own, and a smaller one as a whole", async () => {
  const height = 2048;
  const each = 3 * height * height;
  const count = 8;
  expect(changedSlices({ count: 5, height })).toBe(1);
  expect(changedSlices({ count, height })).toBe(2);
  expect(changedSlices({ count: 1000, height: 32 })).toBe(1);
  const asked: [rows: number[], step: number][] = [];
  const whole = new Uint8Array(5 * each);
  const changed = {
    pictures: (rows: ArrayLike<number>, step: number) => {
      asked.push([Array.from(rows), step]);
      Array.from(rows, (row, i) => (whole[i * each] = row + 1));
      return whole.subarray(0, rows.length * each);
    },
  };
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const known = view([1, 2, 3, 4, 5, 6, 7, 8]);
  const shares = await sharesThatStay({ changed, validation: { count, height, labels }, known, look });
  expect(asked).toEqual(
    [0, 1, 2].flatMap((change) => [
      [[0, 1, 2, 3, 4], change],
      [[5, 6, 7], change + 3],
    ]),
  );
  expect([...shares]).toEqual([
    [0, 0.5],
    [1, 0.5],
  ]);
});
