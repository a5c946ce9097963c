import { expect, it } from "vitest";
import { classesToLeaveOut } from "./leaveClassOut.js";

it("leaves a class out once, however often it is named", () => {
  const known = ["cat", "dog", "emu"];
  expect(classesToLeaveOut(known, ["cat", "dog", "cat"])).toEqual(["cat", "dog"]);
  expect(classesToLeaveOut(known)).toEqual(known);
  expect(() => classesToLeaveOut(known, ["cta"])).toThrow('did you mean "cat"?');
});
