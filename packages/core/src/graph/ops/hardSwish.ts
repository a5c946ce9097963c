/** Operator HardSwish: x clip(x/6 + 1/2, 0, 1). */
import type { Operator } from "../operator.js";
import { flowing, inputOf } from "./access.js";
import { add } from "./add.js";
import { unary } from "./elementwise.js";
import { hardSigmoid } from "./hardSigmoid.js";
import { mul } from "./mul.js";
import { sub } from "./sub.js";

export const HardSwish: Operator = unary("HardSwish", {
  sinceOpset: 14,
  compute: (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
  // The gate, and x/6 where it is neither closed nor fully open.
  gradient: (node, dy) => {
    const x = inputOf(node, 0);
    const gate = hardSigmoid(x, 1 / 6, 0.5);
    const inside = hardSigmoid(mul(gate, sub(1, gate)), 1e30, 0);
    return [mul(flowing(dy), add(gate, mul(mul(x, 1 / 6), inside)))];
  },
  range: [-5, 5],
});
