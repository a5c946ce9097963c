/** Planes turned by quarters. */
import { expectArguments, kinds } from "../../errors/index.js";
import { flip } from "../ops/slice.js";
import { aValue } from "../ops/operands.js";
import { transpose } from "../ops/transpose.js";
import type { Value } from "../value.js";

/**
 * Pictures turned counter-clockwise by quarters, as torch.rot90 over the last two axes.
 *
 * @param x [N, C, H, W]; an odd number of turns gives [N, C, W, H]
 * @param turns how many, any whole number
 */
export function quarterTurns(x: Value, turns: number): Value {
  expectArguments("quarterTurns", { x: [x, aValue], turns: [turns, kinds.integer] });
  switch (((turns % 4) + 4) % 4) {
    case 1:
      return flip(transpose(x, [0, 1, 3, 2]), [2]);
    case 2:
      return flip(x, [2, 3]);
    case 3:
      return flip(transpose(x, [0, 1, 3, 2]), [3]);
    default:
      return x;
  }
}
