/** The tests of `npm test`. */
import { defineConfig } from "vitest/config";
import { programTests, resolve, runner, slowTests, unitTests } from "./vitest.shared.js";

const exclude = ["**/node_modules/**", ...slowTests];

export default defineConfig({
  resolve,
  test: {
    ...runner,
    projects: [
      { extends: true, test: { name: "program", include: programTests, exclude } },
      {
        extends: true,
        test: {
          name: "units",
          include: unitTests,
          exclude: [...exclude, "**/*.alone.test.ts"],
          isolate: false,
        },
      },
    ],
  },
});
