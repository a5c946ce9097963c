/** Operators Ceil, Round (halves to even) and Sign; their gradients are zero, as in PyTorch. Floor has its own file and builder. */
import type { Operator } from "../operator.js";
import { unary } from "./elementwise.js";

export const Ceil: Operator = unary("Ceil", {
  sinceOpset: 6,
  compute: Math.ceil,
  elements: (size) => size,
  gradient: () => [null],
  range: [0.1, 0.9],
});

export const Round: Operator = unary("Round", {
  sinceOpset: 11,
  compute: (x) => {
    const low = Math.floor(x);
    if (x - low === 0.5) return low % 2 === 0 ? low : low + 1;
    return Math.round(x);
  },
  elements: (size) => size,
  gradient: () => [null],
  range: [0.6, 1.4],
});

export const Sign: Operator = unary("Sign", {
  sinceOpset: 9,
  compute: Math.sign,
  takesIntegers: true,
  gradient: () => [null],
  range: [0.1, 2],
});
