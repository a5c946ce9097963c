/** Fitting a model by its path: loaded, its normalisation guessed where nothing says it, fitted, written. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { defaultDetectors, oalError, type Engine } from "oal-core";
import { askedDetectors, type DetectorChoice } from "../evaluation/asked.js";
import { bundleFileName } from "../bundle/facts.js";
import { cacheFolder } from "../data/cacheFolder.js";
import { FitCache } from "../evaluation/fitCache.js";
import { makeFit, type FitSettings, type FitStage } from "../fitting/fit.js";
import { normalisedBy } from "../fitting/normalised.js";
import type { PartShares } from "../fitting/parts.js";
import { openKnown, openUnknown } from "../fitting/pictures.js";
import type { FitResult } from "../fitting/result.js";
import { summarise } from "../fitting/summarise.js";
import { fitFile } from "../fitting/folder.js";
import { refuseOtherFolder, writeFit } from "../fitting/write.js";
import { checkTaps } from "../models/checkTaps.js";
import type { LoadModelOptions } from "../models/load.js";
import { fitName } from "../models/modelName.js";
import type { DeviceChoice } from "../runtime/engines/index.js";
import { inferenceEngine } from "./inferenceEngine.js";
import { loadToFit } from "./loadModel.js";
import { oalVersion } from "./versions.js";

/** How a model is fitted. */
export interface FitOptions {
  /** Path of the model: an ONNX file, a bundle, a folder as hubs have them, a run. */
  readonly model: string;
  /** Folder or archive of the known pictures, one folder per class. */
  readonly id: string;
  /** Folder or archive of unknown pictures. */
  readonly unknown?: string;
  /** Folder for model file, report and fit.json. Default: called as the model, in the working folder. */
  readonly out?: string;
  /** Whose classes are known: the folder's (default), or all of the model's. */
  readonly known?: "folder" | "model";
  /** Share of known pictures to keep, in (0, 1]. Default 0.95. */
  readonly keep?: number;
  /** Share of known pictures that pass without a question, in (0, keep]. Default: nothing is asked. */
  readonly ask?: number;
  /** A cut for every predicted class. Default false. */
  readonly perClass?: boolean;
  /** Of the division into parts. Default 0. */
  readonly seed?: number;
  /** Shares of every class that calibrate and measure. Default 0.15 each. */
  readonly shares?: PartShares;
  /** Ids or aliases of detectors. Default: `msp`, `mls`, `ebo` and `knn`, where the model allows them. */
  readonly detectors?: readonly DetectorChoice[];
  /** Whether a combination of them is chosen by cross-validation too; it decides where it is better by more than chance. Default false. */
  readonly combine?: boolean;
  /** Most bytes of the training pictures' rows that a detector may keep; of more a part is drawn. Default: 200 MB, the most there can be. */
  readonly largestBank?: number;
  /** What to say of the model where its files do not. */
  readonly load?: LoadModelOptions;
  /** What computes. Default: the CPU. */
  readonly engine?: Engine;
  /** Threads of the default engine; 0: one per core. Default 0. */
  readonly threads?: number;
  /** The device of the default engine. Default "cpu". */
  readonly device?: DeviceChoice;
  /** Told what is under way. */
  readonly onProgress?: (stage: FitProgress, done: number, total: number) => void;
  /** Told in a sentence what is worth knowing before the end. */
  readonly onMessage?: (sentence: string) => void;
  readonly signal?: AbortSignal;
}

/** What is under way. */
export type FitProgress = "normalisation" | FitStage | "writing";

/** A fit as it was written. */
export interface WrittenResult {
  /** Folder of the fit. */
  readonly folder: string;
  /** Model file and report. */
  readonly modelPath: string;
  readonly reportPath: string;
  readonly result: FitResult;
}

/** Fits a model and writes what came of it; see `fitModel` of the library. */
export async function fitModel(options: FitOptions): Promise<WrittenResult> {
  const { model: path, id, known = "folder", keep = 0.95, seed = 0, signal, onProgress } = options;
  const name = fitName(path);
  const folder = options.out ?? usualFolder(name);
  const { ask } = options;
  // what can be refused is refused before any work
  if (ask !== undefined && ask > keep) throw oalError("OAL-E211", { ask, target: keep });
  askedDetectors(options.detectors ?? defaultDetectors);
  await refuseOtherFolder(folder);
  if (options.unknown !== undefined) await openUnknown(options.unknown);
  const engine = options.engine ?? (await inferenceEngine(options));
  const { model: loaded } = await loadToFit(path, options.load ?? {});
  await checkTaps(loaded, engine);
  for (const sentence of loaded.approximations) options.onMessage?.(sentence);
  const cache = join(cacheFolder(), "features");
  const told = onProgress && ((done: number, total: number) => onProgress("normalisation", done, total));
  const model = await normalisedBy(await openKnown(id), loaded, {
    engine,
    cache,
    signal,
    onProgress: told,
    onMessage: options.onMessage,
  });
  const settings: FitSettings = {
    engine,
    fits: new FitCache(join(cacheFolder(), "fits")),
    model,
    id,
    unknown: options.unknown,
    known,
    keep,
    ask: options.ask,
    perClass: options.perClass ?? false,
    seed,
    shares: options.shares,
    detectors: options.detectors ?? defaultDetectors,
    combine: options.combine,
    largestBank: options.largestBank,
    cache,
    signal,
    onProgress,
  };
  const fit = await makeFit(settings);
  try {
    const files = { model: bundleFileName(name), report: "report.html" };
    const summary = summarise(fit, settings, { name, version: oalVersion(), files });
    onProgress?.("writing", 0, 1);
    await writeFit(engine, { folder, fit, summary, finished: new Date().toISOString() });
    signal?.throwIfAborted();
    return {
      folder,
      modelPath: join(folder, files.model),
      reportPath: join(folder, files.report),
      result: summary.result,
    };
  } finally {
    await fit.heads.release();
  }
}

/** The folder called as the model; where something else is called so, such as the model's own folder, NAME-fit. */
function usualFolder(name: string): string {
  return !existsSync(name) || existsSync(join(name, fitFile)) ? name : `${name}-fit`;
}
