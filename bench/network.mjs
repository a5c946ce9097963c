// What a network of ours costs in use: seconds and processor time of a picture, and the memory of the process, with random weights, one
// process a batch size. Usage: node bench/network.mjs NETWORK [SIDE [BATCH ...]], default vitBase16 224 1 8; --threads N, --passes N.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { exposeTaps, Graph, uint8Tensor } from "../packages/core/dist/index.js";
import { TrainingContext } from "../packages/oal/dist/nn/context.js";
import { networks } from "../packages/oal/dist/nn/networks/index.js";
import { countParameters, initializeParameters } from "../packages/oal/dist/nn/parameters.js";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";
import { buildClassifier } from "../packages/oal/dist/training/model.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "2" },
    passes: { type: "string", default: "5" },
    own: { type: "boolean" },
  },
});
const [id = "vitBase16", side = "224", ...batches] = positionals;
const [threads, passes, imageSize] = [Number(values.threads), Number(values.passes), Number(side)];

if (values.own) process.stdout.write(JSON.stringify(await measure(Number(batches[0]))));
else {
  for (const batch of batches.length > 0 ? batches : ["1", "8"]) {
    const words = [
      fileURLToPath(import.meta.url),
      "--own",
      "--threads",
      values.threads,
      "--passes",
      values.passes,
      id,
      side,
      batch,
    ];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    console.log(describe(batch, JSON.parse(stdout)));
  }
}

/** Builds, compiles and runs the network; the first pass, which also makes the engine's buffers, is not counted. */
async function measure(batch) {
  const options = { classes: 1000, imageSize };
  const context = new TrainingContext(new Graph());
  networks
    .find(id)
    .build(
      context,
      context.graph.input("x", { dtype: "float32", shape: [1, 3, imageSize, imageSize] }),
      options,
    );
  const parameters = initializeParameters(context.specs, 1);
  const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  const classifier = buildClassifier({ network: { id, options }, parameters, normalisation }, batch);
  const engine = await cpuEngine({ threads });
  const session = await engine.compile(exposeTaps(classifier, ["logits", "features"]));
  const pixels = new Uint8Array(batch * 3 * imageSize ** 2).map((_, i) => (i * 7919) % 251);
  const images = uint8Tensor([batch, 3, imageSize, imageSize], pixels);
  await session.run({ images });
  const wall = [];
  const before = process.cpuUsage();
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now();
    await session.run({ images });
    wall.push((performance.now() - start) / 1000 / batch);
  }
  const { user, system } = process.cpuUsage(before);
  const [resident, peak] = ["VmRSS", "VmHWM"].map((key) => memory(key));
  const cpu = (user + system) / 1e6 / passes / batch;
  return { parameters: countParameters(context.specs), cpu, best: Math.min(...wall), resident, peak };
}

/** Megabytes of this process, as Linux tells. */
function memory(key) {
  const line = new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1] ?? NaN) / 1000;
}

function describe(batch, { parameters, cpu, best, resident, peak }) {
  return `${id}, ${side} pixels, ${(parameters / 1e6).toFixed(1)} M parameters, batch ${batch}: ${cpu.toFixed(3)} s of processor a picture, best wall ${best.toFixed(3)} s (${threads} threads); memory ${resident.toFixed(0)} MB, at most ${peak.toFixed(0)} MB`;
}
