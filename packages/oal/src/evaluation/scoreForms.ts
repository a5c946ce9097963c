/** The forms of a file of scores: CSV, Parquet, and numpy's npz as OpenOOD lays it out. */
import { stringify } from "csv-stringify/sync";
import { shortestFloat32 } from "oal-core";
import { npzBytes } from "./npz.js";

/** The forms. CSV and Parquet hold all detectors of a set, an npz of OpenOOD holds one. */
export const scoreFormats = ["csv", "npz", "parquet"] as const;

/** One of them. */
export type ScoreFormat = (typeof scoreFormats)[number];

/** The scores of one list of images. */
export interface ScoreList {
  readonly ids: readonly string[];
  /** [n], -1 = unknown; null where nobody said what the images are. */
  readonly labels: Int32Array | null;
  /** [n], classes counted from 0. */
  readonly predictions: Int32Array;
  /** Confidence [n] by detector, larger = more in-distribution. */
  readonly columns: ReadonlyMap<string, ArrayLike<number>>;
}

/** A CSV text with columns id, label (where there are labels), prediction and one per detector. */
export function scoresAsCsv({ ids, labels, predictions, columns }: ScoreList): string {
  const lists = [...columns.values()];
  const lines = ids.map((id, i) => [
    id,
    ...(labels ? [String(labels[i])] : []),
    String(predictions[i]),
    ...lists.map((list) => shortest(list[i] ?? NaN)),
  ]);
  return stringify([["id", ...(labels ? ["label"] : []), "prediction", ...columns.keys()], ...lines]);
}

/** The shortest text that reads back as the same float32 (or, for other numbers, the same double). */
function shortest(value: number): string {
  return String(Math.fround(value) === value ? shortestFloat32(value) : value);
}

/**
 * One detector's scores as OpenOOD's archive: members `pred` and `label` (int64) and `conf`, float32 where the numbers are such.
 *
 * @param confidence  [n], larger = more in-distribution
 * @source PROTOCOL section 7
 */
export function scoresAsNpz(
  { labels, predictions }: Pick<ScoreList, "labels" | "predictions">,
  confidence: ArrayLike<number>,
): Uint8Array {
  return npzBytes({
    pred: wide(predictions),
    conf: floatsOf(confidence),
    ...(labels ? { label: wide(labels) } : {}),
  });
}

/** A Parquet file with the columns of {@link scoresAsCsv}. */
export async function scoresAsParquet(scores: ScoreList): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const { ids, labels, predictions, columns } = scores;
  const whole = (name: string, data: Int32Array) => ({ name, data, type: "INT32" as const, nullable: false });
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "id", data: [...ids], type: "STRING", nullable: false },
        ...(labels ? [whole("label", labels)] : []),
        whole("prediction", predictions),
        ...[...columns].map(([name, list]) => {
          const data = floatsOf(list);
          return {
            name,
            data,
            type: data instanceof Float32Array ? ("FLOAT" as const) : ("DOUBLE" as const),
            nullable: false,
          };
        }),
      ],
    }),
  );
}

const wide = (values: Int32Array): BigInt64Array => BigInt64Array.from(values, BigInt);

/** The numbers in single precision where none loses by it, as computed ones do: files read back hold them as doubles. */
function floatsOf(values: ArrayLike<number>): Float32Array | Float64Array {
  if (values instanceof Float32Array) return values;
  const doubles = Float64Array.from(values);
  const isSingle = doubles.every((value) => Object.is(Math.fround(value), value));
  return isSingle ? Float32Array.from(doubles) : doubles;
}
