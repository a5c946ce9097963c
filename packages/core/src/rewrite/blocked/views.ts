/**
 * Views of images by groups of channels, [N, G, the rest], as group normalisation takes them: same-shape operators work on them in
 * blocks, and what is one number a group is one number for each of its maps.
 */
import { at, inputOf, outputOf } from "../../graph/ops/access.js";
import { add } from "../../graph/ops/add.js";
import { expand } from "../../graph/ops/expand.js";
import { LayerNormalization } from "../../graph/ops/layerNormalization.js";
import { mul } from "../../graph/ops/mul.js";
import { neg } from "../../graph/ops/neg.js";
import { reciprocal } from "../../graph/ops/reciprocal.js";
import { ReduceMean, reduceMean } from "../../graph/ops/reduceMean.js";
import { reducedAxes } from "../../graph/ops/reduction.js";
import { Reshape, reshape } from "../../graph/ops/reshape.js";
import { slice } from "../../graph/ops/slice.js";
import { sqrt } from "../../graph/ops/sqrt.js";
import { float } from "../../graph/operator.js";
import { sizeOf } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import { affine } from "./affine.js";
import { factorsOf, mapMeans, productSums } from "./channelSums.js";
import { formOf } from "./forms.js";
import type { Layout, Rule } from "./layout.js";

/** An image as [N, G, the rest] with G groups of channels, or back. */
export const view: Rule = (node, layout) => {
  if (node.operator !== Reshape) return false;
  const [x, output] = [inputOf(node, 0), outputOf(node, 0)];
  const shape = layout.shapeOf(x);
  if (!shape || !output.knownType) return false;
  const sizes = output.dims.join();
  if (layout.isView(x) && layout.isBlocked(x) && sizes === shape.join()) {
    layout.keepBlocked(output, layout.blocked(x));
    return true;
  }
  const [images = 1, groups] = output.dims;
  const isOfGroups = output.rank === 3 && images === shape[0] && typeof groups === "number";
  if (x.rank !== 4 || !isOfGroups || at(shape, 1) % groups !== 0) return false;
  layout.keepShape(output, shape);
  if (!layout.isBlocked(x)) return false;
  layout.keepBlocked(output, layout.blocked(x));
  return true;
};

/**
 * What an operator makes of a view, element by element, is one too: numbers, not the answers of a comparison, of which there are no
 * blocks. Other rules build it.
 */
export const viewShape: Rule = ({ operator, inputs, outputs: [output] }, layout) => {
  if (operator.elementwise !== true || output?.knownType?.dtype !== "float32") return false;
  const source = inputs.find((input) => input && layout.isView(input));
  if (source && output.dims.join() === source.dims.join())
    layout.keepShape(output, layout.shapeOf(source) ?? source.shape);
  return false;
};

/** Means of groups, [N, G, 1], by means of maps. */
export const groupMean: Rule = (node, layout) => {
  const { operator, inputs, outputs } = node;
  const [x, output] = [inputs[0], outputs[0]];
  if (operator !== ReduceMean || !x || !output || !layout.isView(x) || reducedAxes(node).join() !== "2")
    return false;
  const means = meansOfProduct(x, layout) ?? ofGroups(mapMeans(layout.blocked(x), layout), x, layout);
  layout.keepPlain(output, reshape(means, output.shape));
  return true;
};

/** Factors of maps or channels are taken out of the sums. */
function meansOfProduct(x: Value, layout: Layout): Value | null {
  const operands = factorsOf(x, layout)?.map((operand) => {
    const form = formOf(operand, layout);
    const [first, second] = form?.terms ?? [];
    return first && !second && form?.offsets === 0 ? first : { x: operand, factors: 1 };
  });
  const [a, b] = operands ?? [];
  if (!a || !b) return null;
  const sums = productSums(layout.blocked(a.x), layout.blocked(b.x), layout);
  const means = cut(mul(sums, 1 / sizeOf(layout.blocked(a.x).shape.slice(2))), x, layout);
  return ofGroups(mul(mul(means, a.factors), b.factors), x, layout);
}

/**
 * Layer normalisation of a view, without factors of its own: mean and variance of groups, the variance by the centred values, so that it
 * keeps its digits however large the mean is.
 */
export const groupNormalisation: Rule = (node, layout) => {
  if (node.operator !== LayerNormalization) return false;
  const [x, scale] = [inputOf(node, 0), inputOf(node, 1)];
  const [normal, meanOutput, inverseOutput] = node.outputs;
  const shape = layout.shapeOf(x);
  const isBare = scale.constant?.data.every((element: number | bigint) => Number(element) === 1) ?? false;
  if (!normal || !shape || !layout.isView(x) || scale.rank !== 1 || !isBare || node.inputs[2]) return false;
  const [images, channels] = [at(shape, 0), at(shape, 1)];
  const groups = at(x.shape, 1);
  const ofMaps = (perGroup: Value): Value =>
    reshape(expand(perGroup, [images, groups, channels / groups]), [images, channels]);
  const blocked = layout.blocked(x);
  const places = sizeOf(shape.slice(2));
  const mean = ofGroups(mapMeans(blocked, layout), x, layout);
  const centred = affine(blocked, 1, neg(ofMaps(mean)), channels, {}, layout);
  const variance = ofGroups(mul(productSums(centred, centred, layout), 1 / places), x, layout);
  const inverse = reciprocal(sqrt(add(variance, float(node.attributes, "epsilon", 1e-5))));
  if (meanOutput) layout.keepPlain(meanOutput, mean);
  if (inverseOutput) layout.keepPlain(inverseOutput, inverse);
  const factors = ofMaps(inverse);
  const offsets = neg(mul(ofMaps(mean), factors));
  layout.forms.set(normal, { terms: [{ x, factors }], offsets });
  layout.keepShape(normal, shape);
  layout.keepBlocked(normal, affine(blocked, factors, offsets, channels, {}, layout));
  return true;
};

/** Means of maps as means of groups, [N, G, 1]. */
function ofGroups(means: Value, view: Value, layout: Layout): Value {
  const own = cut(means, view, layout);
  const [images, groups] = [at(view.shape, 0), at(view.shape, 1)];
  return reduceMean(reshape(own, [images, groups, at(own.shape, 1) / groups]), [2], true);
}

/** [N, C] without what stands for the zeros that fill blocks. */
function cut(means: Value, view: Value, layout: Layout): Value {
  const channels = at(layout.shapeOf(view) ?? view.shape, 1);
  return channels === at(means.shape, 1) ? means : slice(means, [0], [channels], [1]);
}
