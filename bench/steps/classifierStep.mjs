// Cases of classifier training: cross-entropy and SGD with momentum on random 32x32 pictures of ten classes, against the same net in PyTorch.
import { memoryImageSet } from "../../packages/oal/dist/data/imageSet.js";
import { float32Tensor, normaliseBatch, Random } from "../../packages/core/dist/index.js";
import { networks } from "../../packages/oal/dist/nn/networks/index.js";
import { withPrefix } from "../../packages/oal/dist/nn/parameters.js";
import { classifierTask } from "../../packages/oal/dist/training/classifier.js";
import { networkPrefix } from "../../packages/oal/dist/training/network.js";
import { ce } from "../../packages/oal/dist/training/recipes/ce.js";
import { methodsOf } from "../../packages/oal/dist/training/recipes/recipe.js";
import { stepContestants, trainingOptions } from "./trainingStep.mjs";

/** How pictures enter both networks. */
export const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const sgd = { id: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 };

/** A set of random pictures of `classes` classes. */
export function randomSet(count, side = 32, classes = 10) {
  const pixels = Uint8Array.from(
    new Random(1, "bench/pictures").uniforms(0, count * 3 * side * side),
    (u) => 256 * u,
  );
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  return memoryImageSet(
    "random",
    pixels,
    labels,
    Array.from({ length: classes }, (_, i) => String(i)),
  );
}

/** What a network does not start from at random, from the pictures, as a run makes it; undefined where there is no such thing. */
function startOf(network, pictures) {
  const { start } = networks.find(network);
  if (!start) return undefined;
  const all = pictures.read(pictures.labels.map((_, i) => i));
  const { count, height, width } = pictures;
  return withPrefix(
    start.tensors(
      float32Tensor([count, 3, height, width], normaliseBatch(all, height * width, normalisation)),
    ),
    networkPrefix,
  );
}

/** The task of one batch. */
export function classifierTaskOf(
  { network, options, batch },
  more = {},
  side = [],
  pictures = randomSet(batch),
) {
  // Needed here too: copies of 8-bit pixels are often equal, and of equal maxima PyTorch takes the first.
  const initial = startOf(network, pictures);
  return classifierTask(
    {
      seed: 0,
      batchSize: batch,
      network: {
        id: network,
        options: { classes: pictures.classNames.length, imageSize: pictures.height, ...options },
      },
      normalisation,
      augmentation: { flip: "none" },
      methods: methodsOf(ce),
      settings: {},
      ...(initial ? { initial } : {}),
      ...more,
    },
    pictures,
    side,
  );
}

export const sgdTraining = trainingOptions(sgd, 0.01);

/**
 * A case.
 *
 * @param network id and options as in a configuration
 * @param goals least ratio to the faster of PyTorch's layouts: what must be, what is aimed at
 */
export function classifierStepCase({ title, network, options, batch, goals, variant = false }) {
  return {
    variant,
    title: (given) => `training step, ${title}, batch ${given.batch}`,
    settings: { network, options, batch },
    short: { batch: 16 },
    goals,
    ...stepContestants(classifierTaskOf, sgdTraining, "classifier_step"),
  };
}
