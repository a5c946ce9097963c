/** Pools, the gradient of max-pools that stand edge to edge, and repeated pixels. */
import { at, inputOf } from "../../graph/ops/access.js";
import { AveragePool } from "../../graph/ops/averagePool.js";
import { channelAffine } from "../../graph/ops/blockedConv.js";
import {
  blockedAveragePool,
  blockedGlobalAveragePool,
  blockedMaxPool,
} from "../../graph/ops/blockedPools.js";
import { blockedUpsample } from "../../graph/ops/blockedUpsample.js";
import { div } from "../../graph/ops/div.js";
import { GlobalAveragePool } from "../../graph/ops/globalAveragePool.js";
import { MaxPool } from "../../graph/ops/maxPool.js";
import { tiledMaxPoolGradients } from "../../graph/ops/maxPoolGradient.js";
import { mul } from "../../graph/ops/mul.js";
import { neg } from "../../graph/ops/neg.js";
import { Resize, repeatedBlocks } from "../../graph/ops/resize.js";
import { isCeil, windowsOf } from "../../graph/ops/windows.js";
import { int } from "../../graph/operator.js";
import { float32Tensor, sizeOf } from "../../graph/tensor.js";
import type { Rule } from "./layout.js";

/** Pools of values in blocks. */
export const pool: Rule = ({ operator, attributes, inputs, outputs: [output] }, layout) => {
  const [x] = inputs;
  if (!x || !output || !layout.isBlocked(x)) return false;
  const { block } = layout;
  if (operator === GlobalAveragePool) {
    layout.keepBlocked(output, blockedGlobalAveragePool(layout.blocked(x), block));
    return true;
  }
  if ((operator !== MaxPool && operator !== AveragePool) || isCeil(attributes)) return false;
  const windows = windowsOf(attributes, x.dims);
  const countIncludePad = int(attributes, "count_include_pad", 0) === 1;
  layout.keepBlocked(
    output,
    operator === MaxPool
      ? blockedMaxPool(layout.blocked(x), block, windows)
      : blockedAveragePool(layout.blocked(x), block, { ...windows, countIncludePad }),
  );
  return true;
};

/** Pixels repeated as rectangles. */
export const repetition: Rule = (node, layout) => {
  const { operator, outputs } = node;
  const [output] = outputs;
  const factors = operator === Resize ? repeatedBlocks(node) : null;
  if (!factors || !output || !layout.isBlocked(inputOf(node, 0))) return false;
  layout.keepBlocked(output, blockedUpsample(layout.blocked(inputOf(node, 0)), layout.block, factors));
  return true;
};

/**
 * dX of a max-pool edge to edge: the winners are where x - max is 0, told by one pass that adds -max to x and clips; a mean pool counts
 * them, and they share dY.
 */
export const maxPoolGradient: Rule = ({ outputs: [output] }, layout) => {
  const parts = output && tiledMaxPoolGradients.partsOf(output);
  if (!parts || !layout.isBlocked(parts.x)) return false;
  const { kernel, y } = parts;
  // Rows or columns that no window reaches are left to the ordinary formulation.
  const covered = [0, 1].map((axis) => at(y.shape, axis + 2) * at(kernel, axis));
  if (covered.join() !== output.shape.slice(2).join()) return false;
  const { block } = layout;
  const x = layout.blocked(parts.x);
  const channels = at(x.shape, 1);
  const ones = x.graph.constant(float32Tensor([channels], new Float32Array(channels).fill(1)));
  const largest = blockedUpsample(neg(layout.blocked(y)), block, kernel);
  const winners = channelAffine(x, ones, { sum: largest, activation: "mask", block });
  const counts = mul(blockedAveragePool(winners, block, { kernel }), sizeOf(kernel));
  const shares = blockedUpsample(div(layout.blocked(parts.dy), counts), block, kernel);
  layout.keepBlocked(output, mul(winners, shares));
  return true;
};
