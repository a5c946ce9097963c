/** Which device a run computes on. */
import { oalError, type Device } from "oal-core";
import type { EngineChoice } from "./make.js";
import { probeDevice, type ProbeResult } from "./probe.js";

/** What may be asked for; "auto": WebGPU where it is a graphics processor that computes rightly and trains faster, else the CPU. */
export const devices = ["cpu", "webgpu", "auto"] as const;

/** A device asked for. */
export type DeviceChoice = (typeof devices)[number];

/** What was chosen, and a sentence that says so where there was a choice. */
export interface ChosenDevice {
  readonly choice: EngineChoice;
  readonly sentence: string | null;
}

/**
 * Chooses the device, trying WebGPU in another process where it is asked for.
 *
 * @param threads of the CPU
 * @param probe tries WebGPU; another one for tests
 * @throws OAL-R112 when WebGPU is asked for and cannot be used
 */
export async function chooseDevice(
  wanted: DeviceChoice,
  threads: number,
  probe: () => Promise<ProbeResult> = () => probeDevice("webgpu"),
): Promise<ChosenDevice> {
  if (wanted === "cpu") return { choice: { device: "cpu", threads }, sentence: null };
  const { adapter, problem: found, missing, times } = await probe();
  const problem = found === null ? null : [found, ...missing].join("; ");
  const on = (device: Device, sentence: string): ChosenDevice => ({
    choice: { device, threads, ...(device === "webgpu" && adapter ? { adapter: adapter.driver } : {}) },
    sentence,
  });
  const name = adapter && adapter.driver !== "unknown" ? `WebGPU (${adapter.driver})` : "WebGPU";
  if (wanted === "auto") {
    if (problem !== null) return on("cpu", `computes on the CPU: ${name} cannot be used (${problem})`);
    const measured = times
      ? `the measured step takes ${times.device.toFixed(1)} ms there and ${times.cpu.toFixed(1)} ms on the CPU`
      : "";
    if (times && times.device >= times.cpu)
      return on("cpu", `computes on the CPU: ${measured} (${name}); --device webgpu takes it all the same`);
    if (adapter?.hardware === true)
      return on("webgpu", `computes on ${name}, which passed its self-test${measured && `; ${measured}`}`);
    const why = adapter?.hardware === false ? "computes on the CPU itself" : "may be no graphics processor";
    return on("cpu", `computes on the CPU: ${name} ${why}; --device webgpu takes it all the same`);
  }
  if (problem !== null) throw oalError("OAL-R112", { problem });
  return on(
    "webgpu",
    adapter?.hardware === false
      ? `computes on ${name}, which is no graphics processor and much slower than the CPU engine`
      : `computes on ${name}, which passed its self-test`,
  );
}
