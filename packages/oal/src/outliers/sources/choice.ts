/** A choice among the pictures of a source: of some training pictures only, or of pictures that were looked at one by one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { float32Data, float32Tensor, int64Tensor, toNumbers, type Tensor } from "oal-core";
import { spacedPositions } from "../../data/badImages.js";
import { readSafetensors, writeSafetensors } from "../../nn/safetensors.js";
import type { OutlierPictures } from "../../training/side/outliers.js";

/** Rows that may be shown. */
export interface RowChoice {
  /** Rows of the source. */
  readonly rows: ArrayLike<number>;
  /** The step that each was made for, and the seed of all; absent: they are made anew in every step. */
  readonly steps?: ArrayLike<number>;
  readonly seed?: number;
  /** The teacher's logits on them, [rows, C]; only where they are not made anew. */
  readonly teacherLogits?: Float32Array;
}

/**
 * Pictures to choose among.
 *
 * @param rows rows of the source that may be shown, at least one
 * @param count how many pictures; beyond the rows they begin anew. Fewer are spread evenly over all rows: training images mostly lie
 *   class by class, and the first of them are of one class
 * @param isMade whether the source makes its pictures in the batch. Then each has a step of its own: it is made alone, at the first
 *   place of its step, and two of one step would be turned by the same angle and filtered by the same phases
 */
export function candidatesAmong(
  rows: ArrayLike<number>,
  count: number,
  isMade: boolean,
): { readonly rows: Int32Array; readonly steps: Int32Array } {
  const spread = spacedPositions(rows.length, count);
  return {
    rows: Int32Array.from({ length: count }, (_, i) => rows[spread[i % spread.length] ?? 0] ?? 0),
    steps: Int32Array.from({ length: count }, (_, i) => (isMade ? i : 0)),
  };
}

/** The pictures of a source that were chosen. */
export function chosenPictures(
  source: OutlierPictures,
  { rows, steps, teacherLogits }: RowChoice,
): OutlierPictures {
  return {
    count: rows.length,
    pictures: (places, step) => {
      const chosen = Array.from(places, (place) => rows[place] ?? 0);
      if (!steps) return source.pictures(chosen, step);
      // each as it was looked at: alone, and for its own step
      const parts = chosen.map((row, i) => source.pictures([row], steps[places[i] ?? 0] ?? 0));
      const size = parts[0]?.length ?? 0;
      const out = new Uint8Array(parts.length * size);
      parts.forEach((part, i) => out.set(part, i * size));
      return out;
    },
    ...(teacherLogits ? { teacherLogits } : {}),
    ...(source.close ? { close: () => source.close?.() } : {}),
  };
}

const file = "choice.safetensors";

/** Writes a choice into a folder. */
export async function writeChoice(
  folder: string,
  { rows, steps, seed, teacherLogits }: RowChoice,
): Promise<void> {
  const { length } = rows;
  await writeSafetensors(
    join(folder, file),
    new Map<string, Tensor>([
      ["rows", int64Tensor([length], rows)],
      ...(steps ? [["steps", int64Tensor([length], steps)] as const] : []),
      ...(seed === undefined ? [] : [["seed", int64Tensor([1], [seed])] as const]),
      ...(teacherLogits
        ? [["teacherLogits", float32Tensor([length, teacherLogits.length / length], teacherLogits)] as const]
        : []),
    ]),
  );
}

/** The choice of a folder; undefined where nothing was chosen. @throws OAL-I111 for a damaged file */
export async function readChoice(folder: string): Promise<RowChoice | undefined> {
  const path = join(folder, file);
  if (!existsSync(path)) return undefined;
  const { tensors } = await readSafetensors(path);
  const [rows, steps, seed, logits] = ["rows", "steps", "seed", "teacherLogits"].map((name) =>
    tensors.get(name),
  );
  const [made] = seed ? toNumbers(seed) : [];
  return {
    rows: rows ? toNumbers(rows) : [],
    ...(steps ? { steps: toNumbers(steps) } : {}),
    ...(made === undefined ? {} : { seed: made }),
    ...(logits ? { teacherLogits: float32Data(logits, "teacherLogits") } : {}),
  };
}
