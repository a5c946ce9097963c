// Time of one training step (forward, backward, SGD with momentum): naive gradients (naive.mjs), oal's graph in standard
// operators ("plain"), the same in blocked layout ("oal", what training uses) and, where /usr/bin/python3 has torch, the
// same network in PyTorch (channels_last). All alternate in one process tree; minimum and median are printed.
// Usage: npm run bench [-- [--cpu] [REPETITIONS [CASE ...]]], a case being airbench/32,128,128/512 or resnetSmall/16/128.
// --cpu takes one thread each and counts the processor time of the process, which other jobs on the machine disturb less.
import { spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { countRewritten, useBlockedConvolutions } from "../packages/core/dist/index.js";
import { memoryImageSet } from "../packages/oal/dist/data/imageSet.js";
import { optionsIn } from "../packages/oal/dist/fields.js";
import { networks } from "../packages/oal/dist/nn/networks/index.js";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";
import { classifierTask } from "../packages/oal/dist/training/classifier.js";
import { ce } from "../packages/oal/dist/training/recipes/ce.js";
import { methodsOf } from "../packages/oal/dist/training/recipes/recipe.js";
import { buildTrainingStep } from "../packages/oal/dist/training/step.js";
import { naiveRules } from "./naive.mjs";

const words = process.argv.slice(2).filter((word) => word !== "--cpu");
const isProcessorTime = process.argv.includes("--cpu");
const threads = isProcessorTime ? 1 : 2;
const engine = await cpuEngine({ threads });
const python = "/usr/bin/python3";
const repetitions = Number(words[0] ?? 7);
const cases =
  words.length > 1
    ? words.slice(1)
    : ["airbench/32,128,128/128", "airbench/32,128,128/512", "resnetSmall/16/128", "resnetSmall/16/512"];

/** The step graph of a case and one set of inputs. */
function stepOf(id, widths, batch) {
  const pixels = new Uint8Array(batch * 3072).map((_, i) => (i * 7919) % 251);
  const labels = new Int32Array(batch).map((_, i) => i % 10);
  const set = memoryImageSet("random", pixels, labels, Array.from("0123456789"));
  const task = classifierTask(
    {
      seed: 0,
      batchSize: batch,
      network: {
        id,
        options: {
          classes: 10,
          imageSize: 32,
          ...optionsIn(networks.find(id), { width: widths[0], widths, blocks: 1 }),
        },
      },
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      augmentation: { flip: "none" },
      methods: methodsOf(ce),
      settings: {},
    },
    set,
  );
  const training = {
    name: "bench",
    seed: 0,
    steps: 10,
    optimizer: { id: "sgd", momentum: 0.9, weightDecay: 5e-4 },
    schedule: { id: "constant", rate: 0.01, warmup: 0 },
  };
  const step = buildTrainingStep(task, training);
  const state = step.initialState(0);
  const images = task.batch(0);
  const feeds = Object.fromEntries(
    step.graph.inputs.map(({ name }) => [
      name,
      name.startsWith("batch/")
        ? images[name.slice(6)]
        : (state.get(name) ?? { dtype: "float32", shape: [], data: Float32Array.of(0.01) }),
    ]),
  );
  return { graph: step.graph, naive: buildTrainingStep(task, training, naiveRules).graph, feeds };
}

/** A clock, in ms. */
function now() {
  if (!isProcessorTime) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A timer of one step of a graph, in ms; `last` holds the outputs of its last step. */
async function engineTimer(graph, feeds) {
  const session = await engine.compile(graph);
  return {
    async step() {
      const start = now();
      this.last = await session.run(feeds);
      return now() - start;
    },
    close: () => session.release(),
  };
}

/** The same in PyTorch: a child process that runs one step for every line it reads. */
function torchTimer(id, widths, batch) {
  const script = fileURLToPath(new URL("./step.py", import.meta.url));
  const child = spawn(
    python,
    [script, id, widths.join(), String(batch), String(threads), isProcessorTime ? "cpu" : "wall"],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step() {
      child.stdin.write("step\n");
      return Number((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}

/** Formulations may differ in time only: gradients (here the momentum) agree to 5e-3 of their tensor's largest entry. */
function assertSameGradients(expected, found) {
  const names = Object.keys(expected).filter((name) => /^next\/optimizer\/.*weight$/.test(name));
  if (names.length === 0) throw new Error("no gradient to compare");
  for (const name of names) {
    const [a, b] = [expected[name].data, found[name].data];
    const scale = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
    if (worst > 5e-3 * scale) throw new Error(`${name} differs by ${worst} of ${scale}`);
  }
}

const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
const hasTorch = spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0;
const block = engine.facts.blockSize;
console.log(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, ${threads} threads; block ${block}; minimum (median) of ${repetitions} alternating steps, ms of ${isProcessorTime ? "processor time" : "wall time"}`,
);
for (const name of cases) {
  const [id, list, size] = name.split("/");
  const [widths, batch] = [list.split(",").map(Number), Number(size)];
  const { graph, naive, feeds } = stepOf(id, widths, batch);
  const blocked = useBlockedConvolutions(graph, block);
  const timers = {
    naive: await engineTimer(naive, feeds),
    plain: await engineTimer(graph, feeds),
    oal: await engineTimer(blocked, feeds),
  };
  if (hasTorch) timers.torch = torchTimer(id, widths, batch);
  const times = Object.fromEntries(Object.keys(timers).map((kind) => [kind, []]));
  for (const timer of Object.values(timers)) await timer.step();
  for (const other of [timers.naive, timers.oal]) assertSameGradients(timers.plain.last, other.last);
  for (let i = 0; i < repetitions; i++)
    for (const [kind, timer] of Object.entries(timers)) times[kind].push(await timer.step());
  for (const timer of Object.values(timers)) await timer.close();
  const best = Object.fromEntries(Object.entries(times).map(([kind, all]) => [kind, Math.min(...all)]));
  const columns = Object.entries(times).map(
    ([kind, all]) => `${kind} ${best[kind].toFixed(0)} (${median(all).toFixed(0)})`,
  );
  const ratios = Object.keys(times)
    .filter((kind) => kind !== "oal")
    .map((kind) => `${kind} : oal ${(best[kind] / best.oal).toFixed(2)}`);
  console.log(
    `${name}: ${columns.join(", ")}; ${ratios.join(", ")}; ${((batch / best.oal) * 1000).toFixed(0)} images/s, ${countRewritten(blocked)} blocked`,
  );
}
