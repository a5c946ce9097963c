/** Operator Div: a / b. */
import { floorOfQuotient, isAtLeast, quotientOf } from "../dims.js";
import { joinedElements } from "../elements.js";
import type { Operator } from "../operator.js";
import type { Operand, Value } from "../value.js";
import { flowing, inputOf, outputOf } from "./access.js";
import { apply } from "./apply.js";
import { binary } from "./elementwise.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { sumTo } from "./sums.js";

const quotients = binary("Div", {
  sinceOpset: 7,
  compute: (a, b) => a / b,
  gradient: (node, dy, wants) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const da = div(flowing(dy), b);
    return [
      wants(0) ? sumTo(da, a.dims) : null,
      wants(1) ? neg(sumTo(mul(da, outputOf(node, 0)), b.dims)) : null,
    ];
  },
  ranges: [
    [-2, 2],
    [0.5, 2],
  ],
});

export const Div: Operator = {
  ...quotients,
  // Integers are cut towards 0, which is rounding down where nothing is negative.
  elements: (inputs) => {
    const isWhole = inputs[0]?.type.dtype.startsWith("int") === true;
    return [
      joinedElements(inputs, (a, b) => {
        const isCut = isWhole && typeof b === "number" && b >= 1 && isAtLeast(a, 0);
        return quotientOf(a, b) ?? (isCut ? floorOfQuotient(a, b) : undefined);
      }),
    ];
  },
};

/** a / b, elementwise with broadcasting. */
export function div(a: Operand, b: Operand): Value {
  return apply(Div, [a, b]);
}
