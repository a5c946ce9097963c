/** Opening a model to score with: a bundle, or the one that decides in a run folder. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { oalError, type Engine } from "oal-core";
import { bundleFileName } from "../bundle/facts.js";
import { Scorer, type ScorerOptions } from "../bundle/scorer.js";
import { fittedModelIn } from "../fitting/folder.js";
import { chooseDevice, cpuEngine, makeEngine, type DeviceChoice } from "../runtime/engines/index.js";
import { changedFiles } from "./publishedFiles.js";
import { readRunManifest, shownRecord } from "./runFolder.js";
import { refuseOtherFormat } from "./runFormat.js";

/** How a model is opened. */
export interface OpenModelOptions extends Omit<ScorerOptions, "engine"> {
  /** What computes. Default: the CPU. */
  readonly engine?: Engine;
  /** Threads of the default engine; 0: one per core. Default 0. */
  readonly threads?: number;
  /** The device of the default engine. Default "cpu". */
  readonly device?: DeviceChoice;
  /** Told in a sentence what computes, where `device` left a choice. */
  readonly onDevice?: (sentence: string) => void;
}

/**
 * The model file that a path stands for: the file itself, the model that decides in a run folder, as its run.json names it, or that of
 * a folder of `oal fit`.
 *
 * @throws OAL-D101 when nothing is there, OAL-I104 for a run of another version, OAL-I121 for a folder where no run has finished,
 *   OAL-I103 when the run's model is not what the run left
 */
export async function modelFileOf(path: string): Promise<string> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw oalError("OAL-D101", { path, what: "the model" });
  if (!found.isDirectory()) return path;
  const fitted = fittedModelIn(path);
  if (fitted !== null) return fitted;
  refuseOtherFormat(path);
  const manifest = readRunManifest(path);
  const record = manifest && shownRecord(manifest);
  const name = record ? `models/${bundleFileName(record.decides)}` : "";
  const prints = Object.entries(record?.published ?? {}).filter(([file]) => file.startsWith(name));
  // A file that no finished run noted is none of it: what lies in models/ may be of anyone.
  if (!record || !prints.some(([file]) => file === name)) throw oalError("OAL-I121", { path });
  const [changed] = await changedFiles(path, Object.fromEntries(prints));
  if (changed !== undefined) {
    const problem =
      "it is missing or has changed since the run ended; oal report with the run folder copies it again";
    throw oalError("OAL-I103", { path: join(path, changed), problem });
  }
  return join(path, name);
}

/**
 * Opens a model once, to score any number of pictures with it.
 *
 * @param path a model file (models/METHOD.onnx), or a run folder, whose deciding model is taken
 * @throws OAL-R112 when WebGPU is asked for and cannot be used, OAL-E214 for a detector that the model does not hold, the errors of `modelFileOf` and `readBundle`
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<Scorer> {
  const { engine, threads = 0, device = "cpu", onDevice, ...rest } = options;
  const file = await modelFileOf(path);
  return Scorer.open(file, { ...rest, engine: engine ?? (await engineOf(device, threads, onDevice)) });
}

async function engineOf(
  device: DeviceChoice,
  threads: number,
  onDevice: OpenModelOptions["onDevice"],
): Promise<Engine> {
  const { choice, sentence } = await chooseDevice(device, threads);
  if (sentence !== null) onDevice?.(sentence);
  // Blocked convolutions are for training steps; nobody has to wait for their probe here.
  return choice.device === "cpu" ? cpuEngine({ threads, blocked: false }) : makeEngine(choice);
}
