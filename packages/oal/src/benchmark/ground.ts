/** What the parts of a benchmark share: how it was asked for, and what was opened. */
import type { Engine } from "oal-core";
import type { AskedDetector, DetectorChoice } from "../evaluation/asked.js";
import type { SetScores } from "../evaluation/result.js";
import type { LoadModelOptions } from "../models/load.js";
import type { ProtocolCheck } from "./check.js";
import type { AskedModels } from "./models.js";
import type { OpenedProtocol } from "./openProtocol.js";
import type { GivenParameters } from "./parameters.js";
import type { BenchmarkSet } from "./sets.js";

/** What is under way. */
export type BenchmarkStage = "check" | "images" | "pictures" | "detectors" | "inside" | "intervals";

/** How a benchmark is made. */
export interface BenchmarkOptions {
  /** Name of a protocol, or the path of its file. */
  readonly protocol: string;
  /** What the protocol's paths are relative to; see `openProtocol`. */
  readonly root?: string | undefined;
  /** Models by name, each with a file per seed. */
  readonly models: readonly AskedModels[];
  /** Default: the cheap ones that every run has. */
  readonly detectors?: readonly DetectorChoice[] | undefined;
  /** Whether parameters are searched on the validation sets, as published. Default true. */
  readonly search?: boolean | undefined;
  /** Parameters that are fixed, by model. */
  readonly parameters?: GivenParameters | undefined;
  /** Whether sets that are not as the protocol says are left out, instead of being an error. Default false. */
  readonly partial?: boolean | undefined;
  /** At most this many images of each set: a try, not the protocol. */
  readonly limit?: number | undefined;
  readonly resamples?: number | undefined;
  /** Of the bootstrap. */
  readonly seed?: number | undefined;
  /** What to say of the models where their files do not. */
  readonly load?: LoadModelOptions | undefined;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?:
    ((stage: BenchmarkStage, done: number, total: number, text?: string) => void) | undefined;
  /** Told, in sentences, what is worth a line meanwhile: how long the rest takes, what is waited for. */
  readonly onMessage?: ((sentence: string) => void) | undefined;
  /** Takes the scores of every image of one seed, in the protocol's order of sets. */
  readonly onScores?:
    | ((
        model: string,
        seed: number,
        sets: readonly SetScores[],
        detectors: readonly string[],
      ) => Promise<void>)
    | undefined;
}

/** One file of a model. */
export interface FileOfModel {
  readonly name: string;
  readonly file: string;
  readonly seed: number;
}

/** Everything that the parts of a benchmark share. */
export interface Ground {
  readonly options: BenchmarkOptions;
  readonly opened: OpenedProtocol;
  readonly check: ProtocolCheck;
  readonly sets: readonly BenchmarkSet[];
  readonly asked: readonly AskedDetector[];
  readonly files: readonly FileOfModel[];
  readonly deviations: readonly string[];
  /** Folder that rows and scores are kept in. */
  readonly cache: string;
}

/** "ce", or "ce, seed 1" where it has several. */
export function nameOfFile({ options }: Pick<Ground, "options">, { name, seed }: FileOfModel): string {
  const own = options.models.find((model) => model.name === name);
  return (own?.files.length ?? 1) > 1 ? `${name}, seed ${seed}` : name;
}

/** The sets whose pictures are looked at again: all that are scored, and those that a detector is fitted on inside the model. */
export function picturesNeeded(
  sets: readonly BenchmarkSet[],
  inside: readonly AskedDetector[],
): readonly BenchmarkSet[] {
  const fitsOnTrain = inside.some(({ detector, parameters }) => detector.fitOn(parameters) === "train");
  return sets.filter(({ set }) => fitsOnTrain || set.role !== "train");
}
