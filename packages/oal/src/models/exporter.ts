/** Where a model was trained, as far as its file shows: what is usual there decides between normalisations that look alike. */
import type { Graph } from "oal-core";
import type { LoadedModel } from "./load.js";

/** The family of programs that a model comes from. */
export type Exporter = "TensorFlow" | "PyTorch";

/**
 * Says which family a model comes from: TensorFlow's files have the colours last, names such as "StatefulPartitionedCall:0", or
 * paddings with more at the end than at the start ("SAME"), which PyTorch's layers do not have; everything else is taken for PyTorch's.
 */
export function exporterOf(
  { facts, producer }: Pick<LoadedModel, "facts" | "producer">,
  graph: Graph,
): Exporter {
  const names = [facts.input.name, facts.logits?.value ?? "", facts.features?.value ?? ""];
  const isTensorFlow =
    /tf2onnx|tensorflow|keras/i.test(producer) ||
    facts.input.layout === "nhwc" ||
    graph.nodes.some(({ attributes: { pads, auto_pad: automatic } }) => {
      const [top = 0, left = 0, bottom = 0, right = 0] =
        typeof pads === "object" && pads.length === 4 ? pads : [];
      return automatic === "SAME_UPPER" || bottom > top || right > left;
    }) ||
    names.some((name) => /:\d+$|StatefulPartitionedCall|keras/i.test(name));
  return isTensorFlow ? "TensorFlow" : "PyTorch";
}

/** The usual normalisation of a family's classifiers. */
export function usualFor(exporter: Exporter): string {
  return exporter === "TensorFlow" ? "-1..1" : "imagenet";
}
