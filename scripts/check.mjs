// Everything that must hold besides the tests: types of the tests, lint, format, layers, dead code.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { checkLayers } from "./layers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));
const steps = [
  { name: "types", program: "typescript/bin/tsc", args: ["--noEmit", "-p", "tsconfig.test.json"] },
  {
    name: "lint",
    program: "oxlint/bin/oxlint",
    args: [
      "--type-aware",
      "--deny-warnings",
      "packages",
      "test",
      "scripts",
      "bench",
      "recipes",
      "vitest.config.ts",
      "vitest.shared.ts",
      "vitest.slow.config.ts",
    ],
  },
  { name: "format", program: "prettier/bin/prettier.cjs", args: ["--check", "--log-level", "warn", "."] },
  { name: "dead code", program: "knip/bin/knip.js", args: ["--no-progress", "--no-config-hints"] },
];
let failed = 0;
for (const { name, program, args } of steps) {
  const { status } = spawnSync(process.execPath, [bin(program), ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(`check: ${name} failed`);
    failed += 1;
  }
}
for (const problem of checkLayers(root)) {
  console.error(`check: ${problem}`);
  failed += 1;
}
process.exit(failed > 0 ? 1 : 0);
