/** A program of its own that tries WebGPU and tells the result in one line of JSON: a broken driver ends this process and no other. */
import { adapterOf } from "./adapter.js";
import type { ProbeResult } from "./probe.js";
import { selfTest } from "./selfTest.js";
import { loadLibrary, missingForVulkan } from "./vulkan.js";
import { webgpuEngine } from "./webgpu.js";

async function tried(): Promise<ProbeResult> {
  try {
    const wrong = await selfTest(webgpuEngine());
    return { adapter: adapterOf(), problem: wrong, missing: [] };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const problem = /Failed to get a WebGPU adapter/.test(text) ? "no graphics adapter was found" : text;
    const missing = process.platform === "linux" ? missingForVulkan(loadLibrary) : [];
    return { adapter: null, problem, missing };
  }
}

process.stdout.write(`${JSON.stringify(await tried())}\n`);
