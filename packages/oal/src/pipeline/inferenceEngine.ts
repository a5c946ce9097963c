/** The engine of work that runs models and trains none. */
import type { Engine } from "oal-core";
import { chooseDevice, cpuEngine, makeEngine, type DeviceChoice } from "../runtime/engines/index.js";

/** Which engine, and who is told. */
export interface InferenceEngineOptions {
  /** Default "cpu". */
  readonly device?: DeviceChoice | undefined;
  /** 0 (default): one per core. */
  readonly threads?: number | undefined;
  /** Told which device was chosen, where that is worth a sentence. */
  readonly onMessage?: ((sentence: string) => void) | undefined;
}

/** Makes it. */
export async function inferenceEngine({
  device = "cpu",
  threads = 0,
  onMessage,
}: InferenceEngineOptions): Promise<Engine> {
  const { choice, sentence } = await chooseDevice(device, threads);
  if (sentence !== null) onMessage?.(sentence);
  // Blocked convolutions are for training steps; nobody has to wait for their probe here.
  return choice.device === "cpu" ? cpuEngine({ threads, blocked: false }) : makeEngine(choice);
}
