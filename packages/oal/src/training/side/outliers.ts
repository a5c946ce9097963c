/** Outlier pictures as side data: which of them a step shows, augmented as the images are, and when outliers count. */
import { float32Tensor, memoryRows, Random, uint8Tensor } from "oal-core";
import { augmentBatch, type AugmentSpec, batchIndices, epochOf } from "../../data/batches.js";
import { gatherRows } from "./rows.js";
import type { SideTensor } from "./sideData.js";

/** Pictures of what the student should not know. */
export interface OutlierPictures {
  readonly count: number;
  /**
   * Pictures of some rows.
   *
   * @param rows positions, 0 to count - 1
   * @param step for sources that make them anew: the result is a function of rows and step alone
   * @returns uint8 [rows, 3, size, size]
   */
  pictures(rows: ArrayLike<number>, step: number): Uint8Array;
  /**
   * Which rows a step shows; absent: slices of an order that is drawn anew whenever all have been shown.
   *
   * @param count how many
   */
  choose?(step: number, count: number): ArrayLike<number>;
  /** The teacher's logits on them, [count, classes], where they do not change from step to step. */
  readonly teacherLogits?: Float32Array;
  close?(): void;
}

/** How they are shown. */
export interface OutlierOptions {
  readonly seed: number;
  readonly batchSize: number;
  /** Images of a whole batch, where `batchSize` is that of the smaller step that ends an epoch. Default: `batchSize`. */
  readonly wholeBatch?: number;
  readonly classes: number;
  /** Height and width in pixels. */
  readonly imageSize: number;
  readonly augmentation: AugmentSpec;
  /** Pictures per step as a share of the batch. */
  readonly fraction: number;
}

/** Images that the CPU engine's convolutions take at once where they sum over images, as in the gradients of weights. */
const block = 16;

/**
 * How many outliers a step shows: the share of the batch, and from 16 on, beside a batch of whole blocks of 16, to the nearest whole
 * block. 512 images and 51 outliers would cost 1.5 times as much as 512 and 48 (docs/exposures.md).
 *
 * @returns at least 1
 */
export function outlierCount(batchSize: number, fraction: number): number {
  const exact = batchSize * fraction;
  if (batchSize % block !== 0 || exact < block) return Math.max(1, Math.round(exact));
  return block * Math.round(exact / block);
}

/** "exposureGate" float32 []: 0 before the exposure to outliers starts, then 1. @param start share of the steps before it */
export function exposureGate(steps: number, start: number): SideTensor {
  return {
    name: "exposureGate",
    type: { dtype: "float32", shape: [] },
    rows: (step) => float32Tensor([], [step >= start * steps ? 1 : 0]),
  };
}

/**
 * "outlierImages" uint8 [M, 3, S, S] and, where the source has the teacher's logits, "outlierTeacherLogits" float32 [M, C]. Every step goes
 * on in the order by a whole batch's outliers; the smaller one that ends an epoch shows some of its own, so that none comes up twice
 * before all have.
 */
export function outlierSideData(source: OutlierPictures, options: OutlierOptions): SideTensor[] {
  const { seed, batchSize, wholeBatch = batchSize, fraction, classes, imageSize } = options;
  const whole = outlierCount(wholeBatch, fraction);
  const count = Math.min(whole, outlierCount(batchSize, fraction));
  const augmentation = new Random(seed, "augmentation").derive("outliers");
  const chosenAt = (step: number): ArrayLike<number> => {
    const rows =
      source.choose?.(step, whole) ?? batchIndices(seed, step, source.count, whole, "data/outliers");
    // from all over them: those of a union lie member by member
    return count === whole
      ? rows
      : Array.from({ length: count }, (_, i) => rows[Math.floor((i * whole) / count)] ?? 0);
  };
  const pictureShape = [count, 3, imageSize, imageSize];
  const { teacherLogits } = source;
  return [
    {
      name: "outlierImages",
      type: { dtype: "uint8", shape: pictureShape },
      rows: (step) => {
        const chosen = chosenAt(step);
        // Alternating flips go by rounds of the whole source: a member of a union goes through its own pictures in rounds of its own, so
        // that one of them may be mirrored, or not, twice in a row.
        const epoch = epochOf(step, source.count, whole);
        const pictures = source.pictures(chosen, step);
        return uint8Tensor(
          pictureShape,
          augmentBatch(pictures, options.augmentation, augmentation, step, epoch, chosen),
        );
      },
      ...(source.close ? { close: () => source.close?.() } : {}),
    },
    ...(teacherLogits
      ? [
          {
            name: "outlierTeacherLogits",
            type: { dtype: "float32", shape: [count, classes] },
            rows: (step) =>
              float32Tensor([count, classes], gatherRows(memoryRows(teacherLogits, classes), chosenAt(step))),
          } satisfies SideTensor,
        ]
      : []),
  ];
}
