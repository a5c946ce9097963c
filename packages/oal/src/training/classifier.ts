/**
 * Training a classifier (teacher or student) with a list of methods: which images, which side data, in which order.
 * Every choice of a step is a function of the seed and the step.
 */
import { float32Tensor, Random, uint8Tensor, type Tensor, type TensorType } from "oal-core";
import { augmentBatch, type AugmentSpec } from "../data/augment.js";
import { batchIndices, epochOf } from "../data/batches.js";
import type { ImageSet } from "../data/imageSet.js";
import { refuseForeignLabels } from "../data/labels.js";
import type { ParameterStore } from "../nn/parameters.js";
import type { CutViews } from "./cutViews.js";
import { classifierLoss, drawName, type LossOptions } from "./loss.js";
import { trainingMethods } from "./methods/index.js";
import { refuseUnknownSettings } from "./methods/settings.js";
import { neededSideData } from "./needs.js";
import type { SideData } from "./side/sideData.js";
import type { TrainingTask } from "./task.js";

/** A classifier training, as data. */
export interface ClassifierOptions extends Omit<LossOptions, "sideNetworks" | "fromCut"> {
  readonly seed: number;
  readonly batchSize: number;
  readonly augmentation: AugmentSpec;
  /** Replaces freshly drawn tensors (frozen filters, a pretrained start). */
  readonly initial?: ParameterStore;
  /** What the frozen part of the network says of fixed views of the images, in their place; absent: images are augmented anew. */
  readonly views?: CutViews;
}

/**
 * The task of training a classifier.
 *
 * @param side everything that methods may ask for; what none of them needs is not read
 * @throws OAL-D108, OAL-D141 when an image's label is no class of the network; OAL-T110 when a method needs side data that is
 *   not given; OAL-T111 for settings that no method has
 */
export function classifierTask(
  options: ClassifierOptions,
  images: ImageSet,
  side: readonly SideData[] = [],
): TrainingTask {
  const { seed, batchSize, network, methods, settings, views } = options;
  const { classes } = network.options;
  refuseForeignLabels(images.labels, classes, (i) => `${images.name}, ${images.ids[i] ?? i}`);
  refuseUnknownSettings(settings, [...trainingMethods.all, ...methods.map(({ method }) => method)]);
  const { tensors, networks: sideNetworks } = neededSideData(methods, settings, side);
  const draws = drawsOf(options, images.height);
  const imageShape = [batchSize, 3, images.height, images.height];
  const inputs: Record<string, TensorType> = {
    images: views ? views.type(batchSize) : { dtype: "uint8", shape: imageShape },
    labels: { dtype: "float32", shape: [batchSize, classes] },
  };
  for (const { name, type } of [...tensors, ...draws]) inputs[name] = type;
  const augmentation = new Random(seed, "augmentation");
  return {
    inputs,
    ...(options.initial ? { initial: options.initial } : {}),
    batch: (step) => {
      const indices = batchIndices(seed, step, images.count, batchSize);
      const epoch = epochOf(step, images.count, batchSize);
      const shown = (): Uint8Array =>
        augmentBatch(images.read(indices), options.augmentation, augmentation, step, epoch, indices);
      const batch: Record<string, Tensor> = {
        images: views ? views.batch(seed, step, indices) : uint8Tensor(imageShape, shown()),
        labels: oneHot(images.labels, indices, classes),
      };
      for (const each of tensors) batch[each.name] = each.rows(step, indices);
      for (const each of draws) batch[each.name] = each.at(step);
      return batch;
    },
    build: (context, values) =>
      classifierLoss(context, values, { ...options, sideNetworks, fromCut: views !== undefined }),
    close: () => {
      images.close();
      for (const each of side) if (!("names" in each)) each.close?.();
    },
  };
}

/** The random numbers of all methods, each from a stream of its own. */
function drawsOf(
  { methods, settings, seed, batchSize, network }: ClassifierOptions,
  imageSize: number,
): { readonly name: string; readonly type: TensorType; at(step: number): Tensor }[] {
  const sizes = { batchSize, classes: network.options.classes, imageSize };
  return methods.flatMap(({ method }) =>
    Object.entries(method.draws(settings, sizes)).map(([of, draw]) => {
      const name = drawName(method, of);
      const random = new Random(seed, `draws/${name}`);
      return { name, type: draw.type, at: (step: number) => draw.at(random, step) };
    }),
  );
}

/** float32 [N, classes] with a one at each image's label. */
function oneHot(labels: ArrayLike<number>, indices: ArrayLike<number>, classes: number): Tensor {
  const values = new Float32Array(indices.length * classes);
  for (let row = 0; row < indices.length; row++)
    values[row * classes + (labels[indices[row] ?? -1] ?? Number.NaN)] = 1;
  return float32Tensor([indices.length, classes], values);
}
