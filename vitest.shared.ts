/** What both test runs share: where sources are, how results are told, how many workers there are. */
import { BaseSequencer, type Reporter, type TestSpecification } from "vitest/node";
import { fileURLToPath } from "node:url";
import { goldenNotes, goldenTable } from "./test/goldenTable.js";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the reference values said, and the last line of a test run: the counts, without colours. */
const closingLine: Reporter = {
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.state() === "failed") count.failed += module.errors().length;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    const table = goldenTable(goldenNotes(modules));
    if (table !== "") console.log(table);
    console.log(`tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  },
};

/** Imports of the core package reach its sources. */
export const resolve = {
  alias: [
    { find: /^oal-core$/, replacement: source("./packages/core/src/index.ts") },
    { find: /^oal-core\/(\w+)$/, replacement: `${source("./packages/core/src/")}$1/index.ts` },
  ],
};

/**
 * Tests of the sources. They share a process and its modules: they change nothing outside themselves, and loading all
 * modules anew for each of a hundred files takes as long as the tests themselves. So do those that go through all operators or all reference
 * values.
 */
export const unitTests = ["packages/*/src/**/*.test.ts", "test/{generic,golden}/**/*.test.ts"];

/** Tests in a process each: of the built program, whose environment they set, and those of the sources that replace modules. */
export const programTests = [
  "test/!(generic|golden)/**/*.test.ts",
  "test/*.test.ts",
  "packages/*/src/**/*.alone.test.ts",
];

/** Tests that take long: packed tarballs, kill trials, other versions of Node, fuzzing, browsers. */
export const slowTests = ["packages/*/src/**/*.slow.test.ts", "test/**/*.slow.test.ts"];

/** Files that run for long, longest first; those of each run are among all. */
const longest = [
  "test/library",
  "test/cli/resume",
  "test/cli/badInput",
  "test/cli/runFolder",
  "test/cli/badPaths",
  "test/generic/derivatives",
  "training/trainer",
  "training/methods/methods",
];

/** Starts with what takes longest, so that both workers end together. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((name) => moduleId.includes(`/${name}.`));
      return place >= 0 ? place : longest.length + (moduleId.includes("/test/") ? 0 : 1);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** How tests run. */
export const runner = {
  reporters: ["default", closingLine],
  pool: "forks" as const,
  maxWorkers: 2,
  // Built files, and scripts that use them, are loaded as they are, not made anew from their sources.
  server: { deps: { external: [/\/packages\/\w+\/dist\//, /\/scripts\/.*\.mjs$/] } },
  globalSetup: [source("./test/ownStore.ts")],
  sequence: { sequencer: LongestFirst },
  testTimeout: 60_000,
  hookTimeout: 60_000,
};
