import { expect, it } from "vitest";
import { teacherWarning } from "./teacherQuality.js";

it("warns of a teacher that is clearly worse than its student, and of no other", () => {
  // one standard error of these two is 1.5 points at 1,000 images
  expect(teacherWarning(0.859, 0.891, 1000)).toContain(
    "85.9 % of 1000 validation images right, the student 89.1 %",
  );
  expect(teacherWarning(0.88, 0.891, 1000)).toBeNull();
  expect(teacherWarning(0.88, 0.891, 100_000)).not.toBeNull();
  expect(teacherWarning(0.95, 0.9, 1000)).toBeNull();
  expect(teacherWarning(0.9, 0.9, 1000)).toBeNull();
  expect(teacherWarning(1, 1, 20)).toBeNull();
  // what has no figure cannot be compared
  expect(teacherWarning(Number.NaN, 0.9, 1000)).toBeNull();
});
