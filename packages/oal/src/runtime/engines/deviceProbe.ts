/**
 * A program of its own that tries a device, its argument, and tells the result in one line of JSON: a broken driver or library ends this
 * process and no other.
 */
import type { Engine } from "oal-core";
import { adapterOf } from "./adapter.js";
import { cpuEngine } from "./cpu.js";
import { millisecondsAStep } from "./measuredStep.js";
import type { ProbeResult } from "./probe.js";
import { selfTest } from "./selfTest.js";
import { loadLibrary, missingForVulkan } from "./vulkan.js";
import { webgpuEngine } from "./webgpu.js";

const onWebgpu = process.argv[2] === "webgpu";

async function tried(): Promise<ProbeResult> {
  try {
    const engine: Engine = onWebgpu ? webgpuEngine() : await cpuEngine();
    const problem = await selfTest(engine);
    const { blockSize } = engine.facts;
    const adapter = onWebgpu ? adapterOf() : null;
    // What computes on the CPU itself would take minutes, and nobody has to be told that it is slower.
    const times =
      adapter?.hardware === true && problem === null
        ? { device: await millisecondsAStep(engine), cpu: await millisecondsAStep(await cpuEngine()) }
        : undefined;
    return { adapter, blockSize, problem, missing: [], ...(times ? { times } : {}) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const problem = /Failed to get a WebGPU adapter/.test(text) ? "no graphics adapter was found" : text;
    const missing = onWebgpu && process.platform === "linux" ? missingForVulkan(loadLibrary) : [];
    return { adapter: null, blockSize: null, problem, missing };
  }
}

process.stdout.write(`${JSON.stringify(await tried())}\n`);
