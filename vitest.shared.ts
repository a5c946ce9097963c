/** What both test runs share: where sources are, how results are told, how many workers there are. */
import type { Reporter } from "vitest/node";
import { fileURLToPath } from "node:url";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The last line of a test run: the counts, without colours. */
const closingLine: Reporter = {
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.state() === "failed") count.failed += module.errors().length;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    console.log(`tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  },
};

/** Imports of the core package reach its sources. */
export const resolve = { alias: { "oal-core": source("./packages/core/src/index.ts") } };

/** Tests that take long: packed tarballs, kill trials, other versions of Node, fuzzing, browsers. */
export const slowTests = ["packages/*/src/**/*.slow.test.ts", "test/**/*.slow.test.ts"];

/** All tests, the slow ones too. */
export const allTests = ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"];

/** How tests run. */
export const runner = {
  reporters: ["default", closingLine],
  pool: "forks" as const,
  maxWorkers: 2,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};
