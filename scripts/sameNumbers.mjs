// Do two versions of oal compute the same numbers? Trains small fixed runs with an empty store and writes the SHA-256 of every
// trained tensor and of every column of per-image scores, by name; then compares two such files. Values are hashed, not files, so
// that other file formats or folders change nothing. Bits depend on the machine: record both versions on the same one.
//
//   node scripts/sameNumbers.mjs record before.json --checkout ../old   # a built checkout; default: this one
//   node scripts/sameNumbers.mjs record after.json --only embedded-0
//   node scripts/sameNumbers.mjs hash runs/photos photos.json   # a run that is there, stopped or whole
//   node scripts/sameNumbers.mjs compare before.json after.json         # exit status 1 when a hash differs
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkout: { type: "string", default: here },
    data: { type: "string", default: process.env["OAL_DATA"] ?? join(here, "../shared/data") },
    only: { type: "string", multiple: true },
    keep: { type: "boolean", default: false },
  },
});
const data = resolve(values.data);

/** CIFAR-10 cut down: 40 steps a training, few outliers, few images of every set that is only measured. */
const cutCifar = [
  "teacher.epochs=0.45",
  "student.epochs=0.45",
  "autoEncoder.steps=40",
  "denoiser.steps=40",
  "synthesis.count=200",
  "synthesis.inliers=40",
  "evaluation.bootstrap=50",
  'data.ood=[{"name":"cifar100","path":"ood/cifar100-test.tar.gz","list":"lists/test_cifar100.txt","group":"near","limit":500}]',
];
const photos = ["--data", join(data, "user/photos.tar"), "--ood", join(data, "user/photos-unknown.tar")];
const runs = {
  "embedded-0": ["embedded", "--seed", "0"],
  "embedded-1": ["embedded", "--seed", "1"],
  "folder-0": ["folder", ...photos, "--seed", "0"],
  "folder-1": ["folder", ...photos, "--seed", "1"],
  "cifar10-small": ["cifar10-small", "--data", data, ...cutCifar.flatMap((key) => ["--set", key])],
};

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 32);

/** Tensors of a safetensors file: dtype, shape and bytes hashed together. */
function* tensorsIn(path) {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8"));
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = entry.data_offsets;
    const described = `${entry.dtype} ${entry.shape.join("x")} `;
    yield [
      name,
      hash(Buffer.concat([Buffer.from(described), bytes.subarray(8 + length + from, 8 + length + to)])),
    ];
  }
}

/** Columns of a CSV file. Fields with quotes are ids; splitting them alike on both sides is enough for a comparison. */
function* columnsIn(path) {
  const [head, ...rows] = readFileSync(path, "utf8").trimEnd().split("\n");
  const split = (line) => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((field) => field.replace(/,$/, ""));
  const table = rows.map(split);
  for (const [index, name] of split(head).entries()) {
    if (name !== "") yield [name, hash(table.map((row) => row[index]).join("\n"))];
  }
}

/** Every hash below a folder, under names without the artifacts' keys. */
function* hashesBelow(folder, name = "") {
  for (const entry of readdirSync(folder).sort()) {
    const path = join(folder, entry);
    const inside = `${name}/${entry.replace(/-[0-9a-f]{8,}$/, "")}`;
    if (entry.endsWith(".safetensors"))
      for (const [key, value] of tensorsIn(path)) yield [`${inside}: ${key}`, value];
    else if (entry.endsWith(".csv"))
      for (const [key, value] of columnsIn(path)) yield [`${inside}: ${key}`, value];
    else if (statSync(path).isDirectory()) yield* hashesBelow(path, inside);
  }
}

function record(target) {
  const main = join(resolve(values.checkout), "packages/oal/dist/cli/main.js");
  const work = mkdtempSync(join(tmpdir(), "oal-same-"));
  const environment = { ...process.env, OAL_CACHE: join(work, "cache"), OAL_STORE: join(work, "store") };
  const found = {};
  for (const [name, args] of Object.entries(runs)) {
    if (values.only && !values.only.includes(name)) continue;
    const out = join(work, name);
    const started = Date.now();
    const { status } = spawnSync(process.execPath, [main, "evaluate", ...args, "--quiet", "--out", out], {
      env: environment,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    found[name] = Object.fromEntries(hashesBelow(join(out, "artifacts")));
    const count = Object.keys(found[name]).length;
    console.error(`${name}: ${count} hashes, ${((Date.now() - started) / 1000).toFixed(0)} s`);
    writeFileSync(target, `${JSON.stringify(found, null, 1)}\n`);
  }
  if (values.keep) console.error(`kept in ${work}`);
  else rmSync(work, { recursive: true });
}

function compare(first, second) {
  const [before, after] = [first, second].map((path) => JSON.parse(readFileSync(path, "utf8")));
  let different = 0;
  for (const run of Object.keys(before)) {
    if (!(run in after)) {
      console.log(`${run}: not recorded in ${second}`);
      continue;
    }
    const names = [...new Set([...Object.keys(before[run]), ...Object.keys(after[run])])];
    const changed = names.filter((name) => before[run][name] !== after[run][name]);
    different += changed.length;
    console.log(`${run}: ${names.length - changed.length} of ${names.length} hashes equal`);
    for (const name of changed.slice(0, 20)) {
      const how = !(name in after[run]) ? "gone" : name in before[run] ? "differs" : "new";
      console.log(`  ${how}: ${name}`);
    }
    if (changed.length > 20) console.log(`  and ${changed.length - 20} more`);
  }
  process.exitCode = different > 0 ? 1 : 0;
}

const [command, ...paths] = positionals;
if (command === "record" && paths.length === 1) {
  mkdirSync(join(resolve(paths[0]), ".."), { recursive: true });
  record(resolve(paths[0]));
} else if (command === "hash" && paths.length === 2) {
  const [folder, target] = paths;
  const hashes = Object.fromEntries(hashesBelow(join(resolve(folder), "artifacts")));
  writeFileSync(target, `${JSON.stringify({ run: hashes }, null, 1)}\n`);
} else if (command === "compare" && paths.length === 2) compare(...paths);
else {
  console.error(
    "usage: node scripts/sameNumbers.mjs record FILE [--checkout FOLDER] | hash RUN FILE | compare FILE FILE",
  );
  process.exitCode = 2;
}
