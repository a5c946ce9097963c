/** Pictures between two classes, for comparison: they hold the semantics of both, and calling them unknown hurts what is near. */
import { add, mul, type Value } from "oal-core";
import { classesInTurn } from "../../data/classesInTurn.js";
import { mapRows, rowLengths, rowsNamed, unitRows } from "../rowGraphs.js";
import { defineMadeSource } from "./made.js";
import { gathered, labelsOf, ofAnotherClass } from "./pick.js";
import { noOptions } from "./source.js";

/** unit(a/|a| + b/|b|) · |a|: halfway between two embeddings, of the first one's length. */
export function betweenRows(first: Value, second: Value): Value {
  return mul(unitRows(add(unitRows(first), unitRows(second))), rowLengths(first));
}

/**
 * Source "between". Row i: a training picture's embedding, classes in turn, and one of another class; their normalised sum is the
 * condition.
 *
 * For comparison only: its pictures show known classes. In a PyTorch twin of the preset cifar10-small (134 trainings) such pictures cost
 * near OOD, and as a class of their own they destroyed the training.
 *
 * @source none of its own; interpolation of embeddings is a usual way to make pictures between two others
 */
export const betweenClasses = defineMadeSource({
  id: "between",
  version: 1,
  title: "decoded latents halfway between two known pictures of different classes, for comparison",
  formula:
    "x = decoder(sampler(noise; unit(a/|a| + b/|b|))), a and b embeddings of known pictures of different classes",
  source: "none of its own; for comparison with outliers at the boundary",
  schema: noOptions,
  course: async ({ engine, known, count, seed }) => {
    const { dimension, embeddings } = known;
    const first = classesInTurn(known.labels, count, seed, "synthesis/between/first");
    const second = ofAnotherClass(labelsOf(known, first), known, seed, "synthesis/between/second");
    const matrix = (rows: Int32Array) => ({
      values: gathered(embeddings, dimension, rows),
      width: dimension,
    });
    const sums = await mapRows(engine, { first: matrix(first), second: matrix(second) }, (rows) =>
      betweenRows(rowsNamed(rows, "first"), rowsNamed(rows, "second")),
    );
    return {
      conditions: { embeddings: sums, dimension, labels: labelsOf(known, first) },
      chosen: Int32Array.from(first, (_, i) => i),
      others: labelsOf(known, second),
    };
  },
});
