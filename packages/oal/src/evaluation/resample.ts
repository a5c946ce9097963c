/** What is resampled, as plain data that threads can be sent, and the resampling of it or of a part. */
import {
  bootstrap,
  bootstrapSteps,
  drawResamples,
  Random,
  type BootstrapRow,
  type BootstrapSamples,
  type ResampleSource,
} from "oal-core";
import type { ModelScores } from "./result.js";

/** Defaults of the bootstrap, for the configuration and for callers of the library: those of PROTOCOL 9. */
export const bootstrapDefaults = { resamples: 2000, seed: 0 } as const;

/** Rows of scores to be resampled with the same draws. */
export interface ResampleTask {
  readonly rows: readonly BootstrapRow[];
  readonly resamples: number;
  readonly seed: number;
  /** Names draws of their own, for other images. */
  readonly stream: string | undefined;
}

/**
 * Rows (detectors) by OOD sets, with the draws that every model shares. The validation set, if any, is the last set.
 *
 * @param setNames  the OOD sets, in order
 */
export function resampleTask(
  rows: readonly { readonly scores: ModelScores; readonly detector: string }[],
  setNames: readonly string[],
  options: { readonly resamples?: number; readonly seed?: number; readonly stream?: string | undefined } = {},
): ResampleTask {
  const { resamples, seed, stream } = { ...bootstrapDefaults, stream: undefined, ...options };
  const confidenceOf = (scores: ModelScores, name: string, detector: string): ArrayLike<number> =>
    scores.sets.find((set) => set.name === name)?.confidence[detector] ?? [];
  const table = rows.map(({ scores, detector }) => ({
    id: scores.sets.find((set) => set.group === "test")?.confidence[detector] ?? [],
    ood: setNames.map((name) => confidenceOf(scores, name, detector)),
  }));
  return { rows: table, resamples, seed, stream };
}

/** Which resamples of a task. */
export interface ResampleRange {
  readonly from: number;
  readonly count: number;
}

/** Resamples a task, or a part of it, one resample a step; what a resample draws does not depend on the part. */
export function resampleSteps(
  task: ResampleTask,
  { from, count }: ResampleRange = { from: 0, count: task.resamples },
): Generator<undefined, BootstrapSamples> {
  const source = drawsOf(task);
  const part: ResampleSource = {
    resamples: count,
    id: (b) => source.id(from + b),
    ood: (set, b) => source.ood(set, from + b),
  };
  return bootstrapSteps(task.rows, part);
}

/** Resamples a task in one go. */
export function resampleAtOnce(task: ResampleTask): BootstrapSamples {
  return bootstrap(task.rows, drawsOf(task));
}

function drawsOf({ rows: [first], resamples, seed, stream }: ResampleTask): ResampleSource {
  const random = new Random(seed, "evaluation/bootstrap");
  return drawResamples(
    stream === undefined ? random : random.derive(stream),
    resamples,
    first?.id.length ?? 0,
    first?.ood.map((values) => values.length) ?? [],
  );
}
