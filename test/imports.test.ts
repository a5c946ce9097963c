/**
 * What `import "oal"` loads, told by the scripts that V8 ran: no engine, no decoder and no charts before a call needs them. Names
 * instead of milliseconds, so that the test means the same on every machine.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The files that Node runs for a piece of code, relative to the repository; WebAssembly and native parts not counted. */
function loadedBy(code: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "oal-imports-"));
  try {
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, NODE_V8_COVERAGE: folder },
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    return readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), "utf8").matchAll(/"url":"(file:[^"]+)"/g)]
        .map(([, url = ""]) => url)
        .filter((url) => !url.includes("[eval"))
        .map((url) => fileURLToPath(url).slice(root.length)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The packages among files: the innermost node_modules folder counts. */
function packagesOf(files: readonly string[]): Set<string> {
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}

const heavy = [
  "onnxruntime-node",
  "sharp",
  "@jsquash/jpeg",
  "@jsquash/png",
  "@observablehq/plot",
  "linkedom",
];

describe("the command line's help", () => {
  it("loads commander and the options, nothing of what commands do", () => {
    const code =
      'import { buildProgram } from "./packages/oal/dist/cli/program.js"; buildProgram().helpInformation();';
    const files = loadedBy(code);
    expect([...packagesOf(files)]).toEqual(["commander"]);
    const own = files.filter((file) => !file.includes("node_modules/"));
    expect(
      own.filter(
        (file) =>
          !/^packages\/oal\/dist\/(cli\/\w+|pipeline\/versions|runtime\/engines\/version)\.js$/.test(file),
      ),
    ).toEqual([]);
  });
});

describe('import "oal"', () => {
  it("loads no engine, decoder or chart, not even for a configuration", () => {
    const files = loadedBy('import { loadConfiguration } from "oal"; loadConfiguration("folder");');
    const packages = packagesOf(files);
    expect(heavy.filter((name) => packages.has(name))).toEqual([]);
    expect([...packages].sort()).toEqual([
      "ansi-regex",
      "cli-table3",
      "csv-stringify",
      "emoji-regex",
      "is-fullwidth-code-point",
      "string-width",
      "strip-ansi",
      "yaml",
      "zod",
    ]);
    expect(
      files.filter((file) =>
        /packages\/oal\/dist\/(data\/(readers|archives)|outliers\/(?!sources\/|samplers\/)|report(?!\/sectionRegistry)|cli)\/|decode/.test(
          file,
        ),
      ),
    ).toEqual([]);
  });

  it("loads the engine when one is made", () => {
    const code = 'import { cpuEngine } from "oal/graph"; await cpuEngine();';
    expect([...packagesOf(loadedBy(code))]).toContain("onnxruntime-node");
  });

  it('loads nothing but itself for "oal-core"', () => {
    const files = loadedBy('import "oal-core";');
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !file.startsWith("packages/core/dist/"))).toEqual([]);
  });
});
