// Everything that must hold besides the tests: types of the tests, lint, format, layers, dead code, the list of faults.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { checkFaults } from "./faults/fit.mjs";
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
      "examples",
      "test",
      "scripts",
      "bench",
      "recipes",
      "vitest.config.ts",
      "vitest.shared.ts",
      "vitest.slow.config.ts",
    ],
  },
  {
    name: "format",
    program: "prettier/bin/prettier.cjs",
    // a file whose content was found well formatted is not looked at again
    args: ["--check", "--cache", "--cache-strategy", "content", "--log-level", "warn", "."],
  },
  { name: "dead code", program: "knip/bin/knip.js", args: ["--no-progress", "--no-config-hints"] },
];
/** Runs one step beside the others; what it says is told in one piece. */
async function run({ program, args }) {
  const child = spawn(process.execPath, [bin(program), ...args], { cwd: root });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (said += text));
  const status = await new Promise((done) => child.once("close", done));
  return { status, said };
}

let failed = 0;
const running = steps.map((step) => run(step));
for (const [i, { name }] of steps.entries()) {
  const { status, said } = await running[i];
  process.stdout.write(said);
  if (status !== 0) {
    console.error(`check: ${name} failed`);
    failed += 1;
  }
}
for (const problem of [...checkLayers(root), ...checkFaults(root)]) {
  console.error(`check: ${problem}`);
  failed += 1;
}
process.exit(failed > 0 ? 1 : 0);
