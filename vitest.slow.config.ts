/** The tests that `npm run test:all` adds: `*.slow.test.ts`. */
import { defineConfig } from "vitest/config";
import { resolve, runner, slowTests } from "./vitest.shared.js";

export default defineConfig({
  resolve,
  test: { ...runner, include: slowTests, testTimeout: 300_000, hookTimeout: 300_000, passWithNoTests: true },
});
