// Everything that must hold besides the tests: types of the tests, lint, format, layers, dead code.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { checkLayers } from "./layers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));
const steps = [
  ["types", bin("typescript/bin/tsc"), ["--noEmit", "-p", "tsconfig.test.json"]],
  ["lint", bin("oxlint/bin/oxlint"), ["--deny-warnings", "packages", "test"]],
  ["format", bin("prettier/bin/prettier.cjs"), ["--check", "--log-level", "warn", "."]],
  ["dead code", bin("knip/bin/knip.js"), ["--no-progress"]],
];
let failed = 0;
for (const [name, program, args] of steps) {
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: "inherit" });
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
