/** Another last layer on the same features: what makes a classifier of other classes from a model as it is. */
import { expectArguments, oalError } from "../errors/index.js";
import { gemm } from "../graph/index.js";
import { aTensor, type Tensor } from "../graph/tensor.js";
import { aClassifier, tapNames, type Classifier } from "./taps.js";

/**
 * The classifier with another last layer, logits = features W^T + b, in the same graph. Its old one is no longer part of what is
 * computed unless an output asks for it.
 *
 * @param classifier  shows features of a known width
 * @param weight  W, float32 [C, d]
 * @param bias  b, float32 [C]
 * @throws OAL-E213 for a classifier without features, OAL-E250 when the sizes do not fit
 * @example replaceHead(classifier, float32Tensor([2, 4], W), float32Tensor([2], [0, 0])).taps.head.weight.shape   // [2, 4]
 */
export function replaceHead(classifier: Classifier, weight: Tensor, bias: Tensor): Classifier {
  expectArguments("replaceHead", {
    classifier: [classifier, aClassifier],
    weight: [weight, aTensor],
    bias: [bias, aTensor],
  });
  const { graph, taps } = classifier;
  const { features } = taps;
  if (!features) throw oalError("OAL-E213", { tap: "features", known: tapNames(taps) });
  const [classes = 0] = weight.shape;
  const expected = `W [C, ${features.dims[1]}] and b [C]`;
  const fits =
    weight.shape.length === 2 &&
    weight.shape[1] === features.dims[1] &&
    bias.shape.join() === String(classes);
  if (!fits) {
    const found = `W [${weight.shape.join(", ")}] and b [${bias.shape.join(", ")}]`;
    throw oalError("OAL-E250", { expected, found });
  }
  const [W, b] = [graph.constant(weight, "head.weight"), graph.constant(bias, "head.bias")];
  const apply = (given: typeof features): typeof features => gemm(given, W, b, { transB: true });
  const logits = graph.scope("head", () => apply(features));
  return { graph, taps: { ...taps, logits, head: { weight: W, bias: b, apply } } };
}
