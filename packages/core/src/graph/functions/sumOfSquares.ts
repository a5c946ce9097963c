/** The sum of the squares of several tensors: what a norm over all gradients is made of. */
import { expectArguments, kinds, oalError } from "../../errors/index.js";
import { Composite } from "../composite.js";
import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { aValue } from "../ops/operands.js";
import { reduceSum } from "../ops/reduceSum.js";
import type { Value } from "../value.js";

/** Sums of the squares of all elements of these values. */
export const squareSums = new Composite<{ readonly values: readonly Value[] }>();

/**
 * The sum of the squares of all elements.
 *
 * @param values float, of any shapes; at least one
 * @returns a scalar
 */
export function sumOfSquares(values: readonly Value[]): Value {
  expectArguments("sumOfSquares", { values: [values, kinds.listOf(aValue)] });
  const sums = values.map((value) =>
    reduceSum(
      mul(value, value),
      value.shape.map((_, axis) => axis),
    ),
  );
  const [first, ...rest] = sums;
  if (!first) {
    const [argument, wanted, found] = ["values", "an array of at least one value", "an empty array"];
    throw oalError("OAL-C120", { call: "sumOfSquares", argument, wanted, found });
  }
  const total = rest.reduce((sum, each) => add(sum, each), first);
  return squareSums.mark(total, { values });
}
