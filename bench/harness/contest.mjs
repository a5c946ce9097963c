// Runs one case: every contestant in a process of its own, their steps in turn, a pause before each, and what came out.
//
// The pause is needed: idle threads of an engine keep spinning for a while and take the cores from whoever is next. Processes of their
// own are needed for the same reason that each has a memory of its own: a peak is then that of one contestant.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { peer } from "./python.mjs";

const ownProcess = fileURLToPath(new URL("./contestant.mjs", import.meta.url));
const peersFolder = fileURLToPath(new URL("../peers/", import.meta.url));

/** The processes that run, so that an interrupted bench leaves none behind. */
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

/** A contestant's process: `ask` sends a line and gives back the answer. */
function start(name, command, words, environment) {
  const child = spawn(command, words, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`contestant "${name}" ended before its answer`);
    return JSON.parse(value);
  };
  child.stdin.on("error", () => undefined);
  return {
    ready: answer,
    ask: (word) => {
      child.stdin.write(`${word}\n`);
      return answer();
    },
    stop: () => {
      running.delete(child);
      child.kill("SIGKILL");
    },
  };
}

/**
 * What a contestant finds in its environment. Debian's PyTorch calls an OpenBLAS that has threads of its own; on two cores they and
 * PyTorch's stand in each other's way (the denoiser's step took 167 ms with them and 56 ms without), so BLAS gets one there.
 */
function environmentOf({ needs }, threads) {
  const blas = needs === "torch" ? 1 : threads;
  return { OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(blas), PYTHONPATH: peersFolder };
}

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const rounded = (value) => Number(value.toPrecision(4));

/** The first pair of numbers that differ by more than a share of the larger; undefined when all agree. */
function disagreement(checks, tolerance) {
  const [first, ...others] = Object.entries(checks);
  for (const [name, values] of others) {
    if (values.length !== first[1].length)
      return `${name} gave ${values.length} numbers, ${first[0]} ${first[1].length}`;
    for (const [i, value] of values.entries()) {
      const wanted = first[1][i];
      const scale = Math.max(Math.abs(value), Math.abs(wanted), 1e-12);
      if (!(Math.abs(value - wanted) <= tolerance * scale))
        return `${first[0]}: ${wanted}, ${name}: ${value} (number ${i})`;
    }
  }
  return undefined;
}

/**
 * Runs a case.
 *
 * @param file where it stands
 * @param options.threads of each contestant
 * @param options.pause ms before every timed step
 * @param options.repetitions timed steps of each contestant; absent: the case's own number
 * @param options.short small sizes, one timed step, no contestants that are another's variants: it shows that the case runs
 * @param options.overrides settings of the case by name, in place of its own
 * @returns the case's part of a results file
 */
export async function runCase(name, benchCase, file, options) {
  const { threads, pause, short, device, overrides } = options;
  const settings = {
    ...benchCase.settings,
    ...(short ? benchCase.short : {}),
    ...overrides,
    threads,
    device,
  };
  const repetitions = options.repetitions ?? (short ? 1 : (benchCase.repetitions ?? 7));
  const folder = mkdtempSync(join(tmpdir(), "oal-bench-"));
  const notes = [];
  const started = new Map();
  const facts = {};
  try {
    await benchCase.prepare?.(settings, folder);
    for (const [id, contestant] of Object.entries(benchCase.contestants)) {
      if (short && contestant.variant) continue;
      const found = contestant.needs === undefined ? undefined : peer(contestant.needs);
      if (found?.missing !== undefined) {
        if (!notes.includes(found.missing)) notes.push(found.missing);
        continue;
      }
      if (found) facts[found.title] = found.version;
      const own = JSON.stringify({ ...settings, ...contestant.settings });
      const command =
        contestant.python === undefined
          ? [process.execPath, [ownProcess, file, id, own, folder]]
          : [found.python, [join(peersFolder, "contestant.py"), contestant.python, own, folder]];
      const each = start(id, ...command, environmentOf(contestant, threads));
      started.set(id, each);
      Object.assign(facts, (await each.ready()).facts);
    }
    const checks = {};
    for (const [id, each] of started) {
      const { values } = await each.ask("check");
      if (values) checks[id] = values;
      // the first time code is read, compiled and given memory
      else if (!short && benchCase.warm !== false) await each.ask("step");
    }
    const differs = disagreement(checks, benchCase.tolerance ?? 1e-3);
    if (differs !== undefined)
      throw new Error(`${name}: the contestants do not compute the same: ${differs}`);
    const times = new Map([...started.keys()].map((id) => [id, { wall: [], cpu: [] }]));
    for (let i = 0; i < repetitions; i++) {
      for (const [id, each] of started) {
        if (i >= (benchCase.contestants[id].repetitions ?? Infinity)) continue;
        await sleep(pause);
        const { wall, cpu } = await each.ask("step");
        times.get(id).wall.push(wall);
        times.get(id).cpu.push(cpu);
      }
    }
    const contestants = {};
    for (const [id, each] of started) {
      const { peak } = await each.ask("end");
      const { wall, cpu } = times.get(id);
      // how many of its units one timed step holds
      const work = benchCase.contestants[id].work?.(settings) ?? benchCase.work?.(settings) ?? 1;
      const perUnit = (value) => rounded(value / work);
      contestants[id] = {
        minimum: perUnit(Math.min(...wall)),
        median: perUnit(median(wall)),
        cpuMinimum: perUnit(Math.min(...cpu)),
        repetitions: wall.length,
        work,
        peakMB: peak === null ? null : Math.round(peak),
      };
    }
    const ratios = (benchCase.ratios?.(settings) ?? defaultRatios(contestants))
      .filter(({ of, over }) => contestants[of] && contestants[over])
      .map((ratio) => {
        const [of, over] = [contestants[ratio.of], contestants[ratio.over]];
        const by = (key) => rounded(of[key] / over[key]);
        return {
          ...ratio,
          minimum: by("minimum"),
          median: by("median"),
          cpu: by("cpuMinimum"),
          ...memoryRatio(of, over),
        };
      });
    return {
      name,
      title: benchCase.title(settings),
      unit: benchCase.unit,
      settings,
      contestants,
      ratios,
      notes,
      facts,
      checks,
    };
  } finally {
    for (const each of started.values()) each.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function memoryRatio(of, over) {
  return of.peakMB && over.peakMB ? { memory: rounded(over.peakMB / of.peakMB) } : {};
}

/** Every other contestant's time over ours. */
function defaultRatios(contestants) {
  const [ours, ...others] = Object.keys(contestants);
  return others.map((of) => ({ of, over: ours }));
}
