/**
 * The packages as a stranger gets them: packed, installed into an empty project by the README's line from nothing but an npm registry,
 * imported, type-checked, run, and looked at by publint and "are the types wrong".
 */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const project = mkdtempSync(join(tmpdir(), "oal-packages-"));
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Pinned, and fetched when this test runs: both bring a compiler of their own, which nothing else here needs. */
const tools = { publint: "publint@0.3.25", typesWrong: "@arethetypeswrong/cli@0.18.5" };

/** A user's environment: what npm and CI tell their children about this repository is left out; locks say whence things came. */
const inherited =
  /^(npm_config_(ignore_scripts|local_prefix|omit_.*)|npm_package_.*|ONNXRUNTIME_NODE_INSTALL|INIT_CWD|NODE_ENV)$/i;
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name))),
  OAL_CACHE: join(project, "cache"),
  npm_config_omit_lockfile_registry_resolved: "false",
};

function start(program: string, args: readonly string[], cwd = project): SpawnSyncReturns<string> {
  return spawnSync(program, args, { cwd, encoding: "utf8", env: environment });
}

/** Standard output of a program that must succeed; everything it said when it does not. */
function succeed(program: string, args: readonly string[], cwd = project): string {
  const { status, stdout, stderr, error } = start(program, args, cwd);
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")}: ${status}\n${stdout}\n${stderr}`, { cause: error });
  return stdout;
}

/** Code blocks of one language in a text. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, code = ""]) => code,
  );
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function readJson(path: string): Record<string, unknown> {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isRecord(value)) throw new Error(`${path}: not an object`);
  return value;
}

const packages = [
  { name: "oal-core", source: join(root, "packages", "core") },
  { name: "oal", source: join(root, "packages", "oal") },
].map((each) => ({
  ...each,
  tarball: `${each.name}-${String(readJson(join(each.source, "package.json"))["version"])}.tgz`,
  installed: join(project, "node_modules", each.name),
}));

/** What can be imported of a package: "oal-core", "oal-core/graph", ... */
const specifiers = packages.flatMap(({ name, source }) => {
  const { exports } = readJson(join(source, "package.json"));
  return Object.keys(isRecord(exports) ? exports : {}).map((key) => name + key.slice(1));
});

const registry = start("npm", ["view", "yaml", "version", "--fetch-retries=1", "--fetch-timeout=20000"]);
const reason = registry.status === 0 ? "" : " (skipped: no npm registry can be reached)";

describe.skipIf(reason !== "")(`packed packages${reason}`, () => {
  beforeAll(() => {
    for (const { name, source } of packages)
      if (!existsSync(join(source, "dist", "index.js")))
        throw new Error(`${name} is not built: npm run build`);
    succeed("npm", ["pack", "--workspaces", "--silent", "--pack-destination", project], root);
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ name: "stranger", private: true, type: "module" }),
    );
    const [line] = [...readme.matchAll(/^npm install .*\.tgz$/gm)].map(([whole]) => whole);
    expect(line).toContain("--ignore-scripts");
    for (const { tarball } of packages) expect(line).toContain(`./${tarball}`);
    const [program = "", ...args] = (line ?? "").split(" ");
    succeed(program, args);
  });

  it("come from the registry alone, and nothing was fetched besides", () => {
    const { packages: locked } = readJson(join(project, "package-lock.json"));
    const from = Object.values(isRecord(locked) ? locked : {}).flatMap((entry) =>
      isRecord(entry) && typeof entry["resolved"] === "string" ? [entry["resolved"]] : [],
    );
    expect(from.length).toBeGreaterThan(20);
    const base = new URL(succeed("npm", ["config", "get", "registry"]).trim()).host;
    expect(from.filter((address) => !address.startsWith("file:") && new URL(address).host !== base)).toEqual(
      [],
    );
    const engine = filesOf(join(project, "node_modules", "onnxruntime-node", "bin"));
    expect(engine.some((file) => file.includes("onnxruntime_binding.node"))).toBe(true);
    expect(engine.filter((file) => /cuda|tensorrt/i.test(file))).toEqual([]);
  });

  it.each(packages)("$name has its licence and no leftovers", ({ installed, source }) => {
    const files = filesOf(installed);
    for (const name of ["README.md", "LICENSE", "NOTICE", "package.json"]) expect(files).toContain(name);
    expect(readFileSync(join(source, "LICENSE"), "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
    expect(files.filter((file) => /\.test\.|(^|\/)testing\/|tsbuildinfo|node_modules/.test(file))).toEqual(
      [],
    );
    expect(files.filter((file) => !/^(dist|src|assets)\/|^[^/]+$/.test(file))).toEqual([]);
  });

  it("oal has the notices of the whole product", () => {
    const notice = readFileSync(join(root, "NOTICE"), "utf8").replaceAll("packages/oal/assets", "assets");
    expect(readFileSync(join(root, "packages", "oal", "NOTICE"), "utf8")).toBe(notice);
  });

  it.each(packages)("$name has source maps that resolve", ({ installed }) => {
    const maps = filesOf(installed).filter((file) => file.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(100);
    const lost = maps.filter((file) => {
      const { sources } = readJson(join(installed, file));
      const folder = dirname(join(installed, file));
      return !Array.isArray(sources) || sources.some((path) => !existsSync(resolve(folder, String(path))));
    });
    expect(lost).toEqual([]);
  });

  it("give every export", () => {
    expect(specifiers).toContain("oal-core/graph");
    const code = `
      const seen = {};
      for (const specifier of ${JSON.stringify(specifiers)}) {
        const entries = Object.entries(await import(specifier));
        seen[specifier] = entries.filter(([, value]) => value !== undefined).length;
        if (seen[specifier] !== entries.length) throw new Error(specifier + " exports something undefined");
      }
      console.log(JSON.stringify(seen));`;
    const seen: unknown = JSON.parse(succeed("node", ["--input-type=module", "--eval", code]));
    expect(seen).toEqual(Object.fromEntries(specifiers.map((name) => [name, expect.any(Number)])));
    expect(Object.values(isRecord(seen) ? seen : {})).not.toContain(0);
  });

  it("have examples that compile under strict, in JavaScript and in TypeScript", () => {
    const texts = [
      readme,
      ...packages.map(({ installed }) => readFileSync(join(installed, "README.md"), "utf8")),
    ];
    const examples = texts.flatMap((text) => blocks(text, "js"));
    expect(examples).toHaveLength(3);
    examples.forEach((code, index) => {
      writeFileSync(join(project, `example${index}.js`), code);
      // The annotation for JavaScript, said as TypeScript says it.
      const typed = code.replace(/^\/\*\* @type \{(.*)\} \*\/\nconst (\w+) =/m, "const $2: $1 =");
      writeFileSync(join(project, `typed${index}.ts`), typed);
    });
    writeFileSync(
      join(project, "everything.ts"),
      specifiers.map((name, index) => `export * as part${index} from "${name}";`).join("\n"),
    );
    const configuration = {
      compilerOptions: {
        target: "es2023",
        lib: ["es2023", "dom"],
        module: "nodenext",
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        checkJs: true,
        noEmit: true,
        types: ["node"],
        typeRoots: [join(root, "node_modules", "@types")],
        skipLibCheck: false,
      },
      include: ["*.js", "*.ts"],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(configuration));
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, status } = start("node", [compiler, "-p", "tsconfig.json"]);
    expect([stdout, status]).toEqual(["", 0]);
  });

  it("run as a command: a decoder, training in its thread, the engine, charts", async () => {
    expect(succeed("npx", ["--no-install", "oal", "--version"])).toMatch(/\d+\.\d+\.\d+\n$/);
    const random = new Random(0, "packages");
    for (const [label, name] of ["dark", "light", "unknown"].entries()) {
      const folder = name === "unknown" ? join(project, name) : join(project, "pictures", name);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < 12; i++) {
        const noise = random.normals(100 * label + i, 40 * 30 * 3);
        const pixels = Uint8Array.from(noise, (value) =>
          Math.max(0, Math.min(255, 60 + 70 * label + 25 * value)),
        );
        await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
          .jpeg()
          .toFile(join(folder, `${i}.jpg`));
      }
    }
    const settings = [
      "student.widths=[8,8,16]",
      "student.epochs=2",
      "student.batchSize=8",
      "evaluation.bootstrap=20",
    ];
    const said = succeed("npx", [
      "--no-install",
      "oal",
      "run",
      "--data",
      "pictures",
      "--ood",
      "unknown",
      "--method",
      "ce",
      "--out",
      "run",

      ...settings.flatMap((setting) => ["--set", setting]),
    ]);
    expect(said).toContain("report: run/report.html");
    expect(readFileSync(join(project, "run", "report.html"), "utf8")).toContain("<svg");
    const scored = succeed("npx", ["--no-install", "oal", "score", "run", "pictures/dark/1.jpg"]);
    expect(scored).toContain("pictures/dark/1.jpg");
  });

  it.each(packages)("$name: publint has nothing to say", ({ tarball }) => {
    const said = succeed("npx", ["--yes", tools.publint, "run", "--strict", `./${tarball}`]);
    expect(said).toContain("All good!");
  });

  it.each(packages)("$name: the types are not wrong", ({ tarball }) => {
    // Packages of ES modules alone: who uses require or TypeScript's resolution of 2012 is not served, and told so by Node.
    const said = succeed("npx", [
      "--yes",
      "--package",
      tools.typesWrong,
      "attw",
      "--profile",
      "esm-only",
      `./${tarball}`,
    ]);
    expect(said).toMatch(/node16 \(from ESM\)[^]*🟢 \(ESM\)/);
  });
});
