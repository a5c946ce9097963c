/** What may stand in for outlier embeddings, to find out what they are worth: Gaussian directions, or embeddings of known images. */
import { Random } from "oal-core";
import { refuseForeignLabels } from "../../data/labels.js";
import { normaliseRows } from "./distances.js";
import { limitsOf, type BoundaryOptions } from "./options.js";
import type { EmbeddingBank } from "./sample.js";

/** Embeddings in place of outliers. */
export interface StandIns {
  /** Unit vectors, [count, dimension], class by class. */
  readonly embeddings: Float32Array;
  readonly labels: Int32Array;
  /** Row in the bank; -1 for what is in no bank. */
  readonly anchors: Int32Array;
}

/**
 * As many embeddings of every class as sampling would keep there.
 *
 * `gaussian`: standard normal vectors made unit; nothing of the class is in them. `inliers`: rows of the class made unit, in a seeded
 * order, from the first again where the class has fewer.
 *
 * @throws OAL-D108, OAL-D141 for a label that is none of the classes, OAL-D151 for a class with fewer than two embeddings
 */
export function standInsFor(
  kind: "gaussian" | "inliers",
  bank: EmbeddingBank,
  options: BoundaryOptions & { readonly seed: number },
): StandIns {
  const { dimension, classes, labels: own } = bank;
  const { seed, rounds, keep } = options;
  refuseForeignLabels(own, classes, (row) => `embedding ${row}`);
  const labels: number[] = [];
  const anchors: number[] = [];
  for (let label = 0; label < classes; label++) {
    const members = Array.from(own, (_, row) => row).filter((row) => own[row] === label);
    const { limits } = limitsOf(options, label, members.length);
    const order = new Random(seed, "boundary/standIns").permutation(label, members.length);
    for (let i = 0; i < limits.anchors * rounds * keep; i++) {
      labels.push(label);
      anchors.push(members[order[i % order.length] ?? 0] ?? 0);
    }
  }
  const rows = new Float32Array(labels.length * dimension);
  if (kind === "gaussian") rows.set(new Random(seed, "boundary/standIns/gaussian").normals(0, rows.length));
  else
    anchors.forEach((row, i) =>
      rows.set(bank.embeddings.subarray(row * dimension, (row + 1) * dimension), i * dimension),
    );
  return {
    embeddings: normaliseRows(rows, dimension).unit,
    labels: Int32Array.from(labels),
    anchors: Int32Array.from(anchors, (row) => (kind === "gaussian" ? -1 : row)),
  };
}
