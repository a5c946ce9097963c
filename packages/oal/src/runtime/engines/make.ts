/** Engines from plain data, which a worker thread can be sent. */
import type { Device, Engine, EngineFacts } from "oal-core";
import { blockSize } from "./blockSize.js";
import { cpuEngine } from "./cpu.js";
import { webgpuEngine } from "./webgpu.js";

/** Which engine. */
export interface EngineChoice {
  readonly device: Device;
  /** Threads inside one operator of the CPU; 0: one per core. */
  readonly threads: number;
  /** The driver of the device, for the record. */
  readonly adapter?: string;
}

/** Makes the engine of a choice. */
export async function makeEngine({ device, ...options }: EngineChoice): Promise<Engine> {
  return device === "webgpu" ? webgpuEngine(options) : cpuEngine({ threads: options.threads });
}

/** The block of channels in which the engine of a choice computes steps, without making it; 0: it computes the plain graphs. */
export async function stepBlock({ device, threads }: EngineChoice): Promise<number> {
  return device === "cpu" ? blockSize(threads) : 0;
}

/** Makes the engine of a choice when it is first asked for, and only once. */
export function engineOnDemand(choice: EngineChoice): () => Promise<Engine> {
  let made: Promise<Engine> | undefined;
  return () => (made ??= makeEngine(choice));
}

/** The choice that makes an engine of the same kind in another thread. */
export function choiceOf({ device, threads, adapter }: EngineFacts): EngineChoice {
  return { device, threads, ...(adapter === undefined ? {} : { adapter }) };
}
