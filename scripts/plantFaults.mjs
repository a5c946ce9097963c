/**
 * Do the tests see wrong numbers? Plants one fault after another in a copy of the tree and runs the tests that should
 * see it. Usage: node scripts/plantFaults.mjs [word ...] (only faults whose file or text has one of the words).
 * Ends with 1 when a fault survives or no longer fits the source. docs/testing.md tells more.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { faults } from "./faults/index.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const chosen = faults.filter((fault) =>
  words.every((word) => `${fault.file} ${fault.what}`.toLowerCase().includes(word.toLowerCase())),
);
const copy = mkdtempSync(join(tmpdir(), "oal-faults-"));

/** The source with the fault, or a sentence that says why it cannot be planted. */
function planted({ file, find, replace }) {
  const source = readFileSync(join(root, file), "utf8");
  const places = source.split(find).length - 1;
  if (places !== 1) return { problem: `"${find}" is found ${places} times instead of once` };
  return { source, faulty: source.replace(find, () => replace) };
}

/** Runs test files in the copy: names of the tests that failed, or a sentence when no test could run. */
function run(tests) {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const { stderr, stdout } = spawnSync(
    process.execPath,
    [
      join("node_modules", "vitest", "vitest.mjs"),
      "run",
      "--bail=1",
      "--reporter=json",
      `--outputFile=${report}`,
      ...tests,
    ],
    {
      cwd: copy,
      encoding: "utf8",
      env: { OAL_REFERENCE: join(root, "..", "shared", "reference"), ...process.env, NO_COLOR: "1" },
    },
  );
  let results;
  try {
    ({ testResults: results } = JSON.parse(readFileSync(report, "utf8")));
  } catch {
    return { failed: [], problem: `the tests did not run: ${stderr || stdout}` };
  }
  const failed = results.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName.trim()),
  );
  const broken = results.find(({ status, assertionResults, message }) => {
    const own = assertionResults.some(({ status: each }) => each === "failed");
    return status === "failed" && !own && message !== "";
  });
  const problem =
    results.length === 0
      ? "no test file has this name"
      : broken
        ? `${broken.name} cannot be loaded: ${broken.message}`
        : null;
  return { failed, problem };
}

function copyTree() {
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const path of listed.stdout.trim().split("\n")) {
    if (/^(?:packages|test)\/|^[^/]+\.(?:ts|json)$/.test(path))
      cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
}

const wrong = [];
try {
  copyTree();
  const all = [...new Set(chosen.flatMap(({ tests }) => tests))];
  console.log(`${chosen.length} faults; first the ${all.length} test files without any`);
  const clean = run(all);
  if (clean.problem ?? clean.failed.length > 0) {
    wrong.push("the unchanged source");
    console.log(`FAILS UNCHANGED ${clean.problem ?? clean.failed.join("\n")}`);
  } else {
    for (const fault of chosen) {
      const name = `${fault.file}: ${fault.what}`;
      const { problem, source, faulty } = planted(fault);
      if (problem) {
        wrong.push(name);
        console.log(`DOES NOT FIT ${name}\n    ${problem}`);
        continue;
      }
      writeFileSync(join(copy, fault.file), faulty);
      const { failed, problem: broken } = run(fault.tests);
      writeFileSync(join(copy, fault.file), source);
      if (failed.length > 0) console.log(`killed ${name}\n    by ${failed[0]}`);
      else {
        wrong.push(name);
        console.log(broken ? `DOES NOT RUN ${name}\n    ${broken}` : `SURVIVED ${name}`);
      }
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`faults: ${chosen.length - wrong.length} killed, ${wrong.length} not`);
process.exit(wrong.length > 0 ? 1 : 0);
