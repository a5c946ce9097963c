/** SwiftShader, a Vulkan driver that computes on the CPU, as Debian's chromium brings it; tests of WebGPU run on it where it is installed. */
import { existsSync } from "node:fs";
import { loadLibrary } from "../../packages/oal/src/runtime/engines/vulkan.js";

/** The driver's manifest. */
export const manifest = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Why tests of WebGPU cannot run here, else null. */
export const missing: string | null = !existsSync(manifest)
  ? `${manifest} is not there (apt-get install chromium)`
  : loadLibrary("libvulkan.so.1") === null
    ? null
    : "libvulkan.so.1 cannot be loaded (apt-get install libvulkan1)";

/** The largest difference of two lists, relative to the largest value of the second; infinite where they are not of one length. */
export function difference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Infinity;
  let [largest, scale] = [0, 1e-3];
  for (let i = 0; i < wanted.length; i++) {
    const here = Math.abs((found[i] ?? Number.NaN) - (wanted[i] ?? Number.NaN));
    if (Number.isNaN(here)) return Infinity;
    largest = Math.max(largest, here);
    scale = Math.max(scale, Math.abs(wanted[i] ?? 0));
  }
  return largest / scale;
}
