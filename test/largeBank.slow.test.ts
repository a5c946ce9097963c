/**
 * A bank larger than the memory of the process that scores with it: features of a training set stream from files into a bank of
 * files, which is compared block by block. Measured in a process of its own by its highest resident size.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const built = (path: string): string =>
  fileURLToPath(new URL(`../packages/oal/dist/${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oal-bank-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** 160,000 features of 2,048 numbers: 1.3 GB of them, and as much of a bank. */
const count = 160_000;
const width = 2048;
const megabytes = (4 * count * width) / 2 ** 20;

/** Most resident memory: the program and its engine take about 150 MB, a block of the bank 64 MB, a few copies of it the rest. */
const most = 700;

const program = `
import { readFileSync } from "node:fs";
import { evaluate } from ${JSON.stringify(built("evaluation/evaluate.js"))};
import { rowStore } from ${JSON.stringify(built("evaluation/rowFiles.js"))};
import { cpuEngine } from ${JSON.stringify(built("runtime/engines/index.js"))};

const [count, width, folder] = [${count}, ${width}, ${JSON.stringify(folder)}];
let state = 1;
const fill = (row) => {
  for (let j = 0; j < width; j++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    row[j] = state / 2 ** 32 - 0.5;
  }
  return row;
};
const outputs = rowStore(folder + "/outputs");
const banks = rowStore(folder + "/banks");
const setOf = (name, group, n) => {
  const [logits, features] = [outputs.keep(name + ".logits", 2), outputs.keep(name + ".features", width)];
  const block = new Float32Array(1000 * width);
  for (let start = 0; start < n; start += 1000) {
    const rows = Math.min(1000, n - start);
    features.append(fillBlock(block.subarray(0, rows * width)));
    logits.append(new Float32Array(rows * 2));
  }
  const ids = Array.from({ length: n }, (_, i) => String(i));
  return { name, group, ids, labels: new Int32Array(n), logits: logits.finish(), features: features.finish() };
};
function fillBlock(block) {
  for (let at = 0; at < block.length; at += width) fill(block.subarray(at, at + width));
  return block;
}
const sets = [setOf("train", "train", count), setOf("test", "test", 300), setOf("far", "far", 40)];
const engine = await cpuEngine();
const detectors = [{ id: "knn", parameters: { neighbours: 50 } }];
const { scores, result } = await evaluate(engine, "m", 0, sets, { detectors, resamples: 0, keepRows: banks.keep, largestBank: 2 ** 26 });

/** The 50th distance of one image, in doubles. */
const query = Float64Array.from(sets[1].features.read(7, 8));
const unit = (row) => {
  let squares = 0;
  for (const value of row) squares += value * value;
  return Math.sqrt(squares);
};
const norm = unit(query);
const distances = new Float64Array(count);
for (let start = 0; start < count; start += 1000) {
  const rows = sets[0].features.read(start, start + 1000);
  for (let i = 0; i < 1000; i++) {
    const row = rows.subarray(i * width, (i + 1) * width);
    const own = unit(row);
    let dot = 0;
    for (let j = 0; j < width; j++) dot += row[j] * query[j];
    distances[start + i] = 2 - (2 * dot) / (own * norm);
  }
}
distances.sort();
const peak = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
console.log(JSON.stringify({
  peak,
  score: scores.sets[0].confidence.knn[7],
  wanted: -distances[49],
  written: [...outputs.written, ...banks.written],
  ids: result.detectors.map(({ id }) => id),
}));
`;

it.skipIf(process.platform !== "linux")(
  `a bank of ${Math.round(megabytes)} MB is compared with in ${most} MB`,
  { timeout: 600_000 },
  () => {
    writeFileSync(join(folder, "program.mjs"), program);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ["--max-old-space-size=100", join(folder, "program.mjs")],
      { encoding: "utf8" },
    );
    expect([stderr, status]).toEqual(["", 0]);
    const found: unknown = JSON.parse(stdout);
    expect(found).toMatchObject({
      ids: ["knn", "knn-sampled"],
      written: [
        ["train.features", { count, width }],
        ["knn.bank", { count, width: width + 1 }],
      ],
    });
    if (typeof found !== "object" || found === null) throw new Error("no answer");
    const { peak, score, wanted } = { peak: NaN, score: NaN, wanted: NaN, ...found };
    console.log(`highest resident size: ${Math.round(peak)} MB`);
    expect(Math.abs(score - wanted)).toBeLessThan(2e-6);
    expect(peak).toBeLessThan(most);
    expect(peak).toBeLessThan(megabytes / 1.5);
  },
);
