/** Operator Range: numbers from a start up to a limit. */
import { differenceOf, floorOfQuotient, isAtLeast, sumOf } from "../dims.js";
import { ShapeProblem, type Operator } from "../operator.js";
import type { Dim } from "../tensor.js";
import { at, sizesAt, tensorAt } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { sameTyped } from "./elementwise.js";

export const Range: Operator = {
  name: "Range",
  sinceOpset: 11,
  attributes: {},
  infer: (inputs, _attributes, _constants, elements) => {
    const [start, limit, delta] = ["start", "limit", "delta"].map((what, index) =>
      at(sizesAt(elements, index, what), 0),
    );
    return [
      { dtype: sameTyped(inputs, [0, 1, 2]).dtype, shape: [countOf(start ?? 0, limit ?? 0, delta ?? 1)] },
    ];
  },
  gradient: "none",
  reference: (inputs) => {
    const { dtype } = tensorAt(inputs, 0);
    const [start = 0, limit = 0, delta = 1] = inputs.map((_, index) =>
      Number(tensorAt(inputs, index).data[0]),
    );
    const length = Number(countOf(start, limit, delta));
    return [
      tensorOf(
        dtype,
        [length],
        Float64Array.from({ length }, (_, index) => start + index * delta),
      ),
    ];
  },
  testPoints: [point("int64", 2, 9, 3), point("int64", 5, 0, -1), point("float32", 0, 1, 0.25)],
};

function point(dtype: "int64" | "float32", ...numbers: readonly number[]): Operator["testPoints"][number] {
  return { inputs: numbers.map((number) => ({ dtype, shape: [], values: [number], constant: true })) };
}

function countOf(start: Dim, limit: Dim, delta: Dim): Dim {
  const way = differenceOf(limit, start);
  if (typeof delta !== "number" || delta === 0)
    throw new ShapeProblem("the step must be a number that is not 0");
  if (typeof way === "number") return Math.max(0, Math.ceil(way / delta));
  if (!Number.isInteger(delta) || delta < 1 || !isAtLeast(way, 0))
    throw new ShapeProblem(`how many numbers lie from ${start} to ${limit} is not known`);
  return floorOfQuotient(sumOf([way, delta - 1]), delta);
}
