/** How much of the states of all layers' neurons training images have covered. */
import { cast, equal, mul, type Value } from "../../graph/index.js";
import { vectorJacobian } from "../../autodiff/index.js";
import {
  binsOf,
  coverageDraw,
  coverageLayer,
  coverageNotes,
  coverageParameters,
  coverageScore,
  CoverageCounts,
  pooledSum,
  uniformDivergence,
  type CoverageLayer,
  type CoverageValues,
} from "../activationCoverage.js";
import { defineDetector } from "../detector.js";
import type { DetectorInputs } from "../inputs.js";
import { eachImage, rowOf } from "../fitting/statistics.js";
import { readHeader, withHeader } from "../layered.js";

type Inputs = Pick<DetectorInputs<"maps" | "features" | "logits", never>, "maps" | "features" | "logits">;

/** The bins of every layer's states, from the features to the first map. The last map is left out: pooled, it is the features. */
function layerBins(
  { maps, features, logits }: Inputs,
  values: CoverageValues,
): { readonly bins: Value[]; readonly layers: CoverageLayer[] } {
  const shown = [...maps.values()].slice(0, -1).toReversed();
  const divergence = uniformDivergence(logits);
  const one = cast(equal(divergence, divergence), "float32");
  const gradients = vectorJacobian([divergence], [one], [features, ...shown]);
  const states = [features, ...shown].map((value, k) => {
    const gradient = gradients[k] ?? value;
    return k === 0 ? mul(value, gradient) : mul(pooledSum(value), pooledSum(gradient));
  });
  const layers = states.map((_, k) => coverageLayer(values, k));
  return { layers, bins: states.map((state, k) => binsOf(state, coverageLayer(values, k))) };
}

/**
 * NAC: the mean over layers of the mean over neurons of min(n / O, 1), at most 1: n of the drawn training images put the neuron into the
 * bin that its state z · ∂D(u||p)/∂z falls into. States of a map are sums over its places.
 *
 * @cost a backward pass; M numbers for every channel
 * @source Liu et al. 2024, "Neuron Activation Coverage: Rethinking Out-of-distribution Detection and Generalization" (NAC-UE), with
 *   thresholds and settings of the authors' code
 */
export const nac = defineDetector({
  id: "nac",
  title: "Neuron activation coverage",
  version: 2,
  jumps: true,
  aliases: ["nacue"],
  needs: ["maps", "features", "logits"],
  source: "Liu et al. 2024; not in OpenOOD",
  formula: "mean over layers and neurons of min(n(bin of σ(α z ∂D(u||p)/∂z)) / O, 1)",
  cost: "a backward pass; M numbers for every channel of every layer",
  notes: [
    "Written after the paper and the authors' published code; there is no reference value to compare with, so that results are ours.",
    "Layers are the features and the maps that the model shows but the last; the authors take avgpool, layer3, layer2 and layer1 of a ResNet.",
    "The settings of each layer are those that the authors searched for a ResNet-18 on CIFAR-10; another model wants others (their search tried up to 256 combinations).",
    ...coverageNotes,
    "pytorch-ood has other bins, the mean over places instead of the sum, the product before pooling, and adds layers up.",
  ],
  parameters: coverageParameters(4),
  fit: {
    on: "train",
    labelled: true,
    needs: ["measured"],
    measure: (_graph, inputs, values) => withHeader(layerBins(inputs, values).bins, "nac"),
    draws: coverageDraw,
    tensors: ["coverage"],
    async run(streams, values) {
      let counts: CoverageCounts | undefined;
      await eachImage(streams, ({ taps: { measured } }, i) => {
        const row = rowOf(measured, i);
        const layerOf = readHeader(row);
        counts ??= new CoverageCounts(
          Array.from({ length: (layerOf.at(-1) ?? 0) + 1 }, (_, k) =>
            coverageLayer(values, k, streams.count),
          ),
          layerOf,
          streams.count,
        );
        counts.add(row.subarray(-layerOf.length));
      });
      return { coverage: (counts ?? new CoverageCounts([], [], 0)).coverage("nac") };
    },
  },
  score(_graph, { fitted, ...inputs }, values) {
    const { bins, layers } = layerBins(inputs, values);
    return coverageScore(bins, layers, fitted.coverage);
  },
});
