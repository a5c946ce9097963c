/** Convolutions without groups, and with one channel a group. */
import { at, inputOf } from "../../graph/ops/access.js";
import { blockedConv } from "../../graph/ops/blockedConv.js";
import { Conv } from "../../graph/ops/conv.js";
import { windowsOf } from "../../graph/ops/windows.js";
import { int } from "../../graph/operator.js";
import type { Value } from "../../graph/value.js";
import type { Builder } from "./builder.js";
import { depthwiseFilter, forwardFilter } from "./filters.js";
import type { Layout } from "./layout.js";

/** Constant weights are left to the engine, which packs them itself. */
export function convolutionBuilder(value: Value, layout: Layout): Builder | null {
  const { node } = value;
  if (node?.operator !== Conv || !layout.shapeOf(value)) return null;
  const { block } = layout;
  const [x, weight, bias] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2] ?? null];
  if (weight.constant) return null;
  const group = int(node.attributes, "group", 1);
  const channels = at(x.shape, 1);
  const isDepthwise = group > 1 && group === channels && at(weight.shape, 0) === channels;
  if (group > 1 && !(isDepthwise && channels % block === 0)) return null;
  // Images of fewer channels than a block are read as they are.
  const isOrdinary = channels < block;
  if (!isOrdinary && !layout.shapeOf(x)) return null;
  const windows = windowsOf(node.attributes, x.dims, weight.shape.slice(2));
  return {
    room: "sum and activation",
    isCheap: false,
    build: (extras) =>
      blockedConv(
        isOrdinary ? layout.plain(x) : layout.blocked(x),
        isDepthwise ? depthwiseFilter(weight, layout) : forwardFilter(weight, layout),
        { ...windows, ...extras, group, bias: bias && layout.vector(layout.plain(bias)), block },
      ),
  };
}
