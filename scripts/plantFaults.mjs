/**
 * Do the tests see wrong numbers? Plants one fault after another in a copy of the tree and runs the tests that should
 * see it. Usage: node scripts/plantFaults.mjs [word ...] (only faults whose file and text have all the words), or
 * --table: prints the table of docs/testing.md. Ends with 1 when a fault survives or no longer fits the source.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import { misfit } from "./faults/fit.mjs";
import { faults, faultTable } from "./faults/index.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
if (process.argv[2] === "--table") {
  console.log(faultTable(faults));
  process.exit(0);
}
const words = process.argv.slice(2);
const chosen = faults.filter((fault) =>
  words.every((word) => `${fault.file} ${fault.what}`.toLowerCase().includes(word.toLowerCase())),
);
if (chosen.length === 0) {
  console.error(`no fault has all of these words in its file and text: ${words.join(", ")}`);
  process.exit(1);
}
const copy = realpathSync(mkdtempSync(join(tmpdir(), "oal-faults-")));

/** Runs test files in the copy: names of the tests that failed, or a sentence when no test could run. */
async function run(vitest, tests) {
  const specifications = await vitest.getRelevantTestSpecifications(tests);
  if (specifications.length < tests.length)
    return { failed: [], problem: `not all of these are test files: ${tests.join(", ")}` };
  const { testModules } = await vitest.runTestSpecifications(specifications);
  // The result also holds test files of runs before this one.
  const asked = new Set(specifications.map(({ moduleId }) => moduleId));
  const ran = testModules.filter(({ moduleId }) => asked.has(moduleId));
  const failed = ran.flatMap((module) =>
    [...module.children.allTests("failed")].map((test) => test.fullName),
  );
  const [broken] = ran.flatMap((module) =>
    module.errors().map(({ message }) => `${module.moduleId} cannot be loaded: ${message}`),
  );
  return { failed, problem: broken ?? null };
}

function copyTree() {
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const path of listed.stdout.trim().split("\n"))
    if (existsSync(join(root, path))) cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  // Some test files make their models by the built program; faults are planted in sources alone.
  for (const name of readdirSync(join(root, "packages"))) {
    const built = join(root, "packages", name, "dist");
    if (existsSync(built)) symlinkSync(built, join(copy, "packages", name, "dist"));
  }
}

/** Plants one fault, runs its tests and takes it out again; true when a test saw it. */
async function isSeen(vitest, fault) {
  const name = `${fault.file}: ${fault.what}`;
  const path = join(copy, fault.file);
  const problem = misfit(copy, fault);
  if (problem !== null) {
    console.log(`DOES NOT FIT ${name}\n    ${problem}`);
    return false;
  }
  const source = readFileSync(path, "utf8");
  writeFileSync(
    path,
    source.replace(fault.find, () => fault.replace),
  );
  vitest.invalidateFile(path);
  const { failed, problem: broken } = await run(vitest, fault.tests);
  writeFileSync(path, source);
  vitest.invalidateFile(path);
  if (failed.length > 0) console.log(`killed ${name}\n    by ${failed[0]}`);
  else console.log(broken ? `DOES NOT RUN ${name}\n    ${broken}` : `SURVIVED ${name}`);
  return failed.length > 0;
}

let missed = 0;
try {
  copyTree();
  process.env.OAL_REFERENCE ??= join(root, "..", "shared", "reference");
  process.env.OAL_DATA ??= join(root, "..", "shared", "data");
  const config = join(copy, "vitest.config.ts");
  const vitest = await createVitest("test", { root: copy, config, watch: false, reporters: [{}], bail: 1 });
  await vitest.standalone();
  const tests = [...new Set(chosen.flatMap((fault) => fault.tests))];
  console.log(`${chosen.length} faults; first their ${tests.length} test files without any`);
  const { failed, problem } = await run(vitest, tests);
  if (problem ?? failed.length > 0) {
    missed = chosen.length;
    console.log(`FAILS UNCHANGED ${problem ?? failed.join("\n")}`);
  } else for (const fault of chosen) missed += (await isSeen(vitest, fault)) ? 0 : 1;
  await vitest.close();
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`faults: ${chosen.length - missed} killed, ${missed} not`);
process.exit(missed > 0 ? 1 : 0);
