/** The tests of `npm test`. */
import { defineConfig } from "vitest/config";
import { allTests, resolve, runner, slowTests } from "./vitest.shared.js";

export default defineConfig({
  resolve,
  test: { ...runner, include: allTests, exclude: ["**/node_modules/**", ...slowTests] },
});
