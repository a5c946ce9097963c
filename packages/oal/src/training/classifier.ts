/**
 * Training a classifier (teacher or student) with a list of methods: what a step is fed, and the loss that is made of it. Which
 * images, which side data and which draws a step has are functions of the seed and the step; the loss is a graph: the network on
 * everything that is shown, then the methods' terms.
 */
import {
  concat,
  float32Tensor,
  normaliseImages,
  oalError,
  Random,
  slice,
  uint8Tensor,
  type Normalisation,
  type Tensor,
  type TensorType,
  type Value,
} from "oal-core";
import { augmentBatch, type AugmentSpec, batchIndices, epochOf, type EpochRest } from "../data/batches.js";
import type { ImageSet } from "../data/imageSet.js";
import { refuseForeignLabels } from "../data/labels.js";
import type { Context, TrainingContext } from "../nn/context.js";
import type { NetworkOutputs } from "../nn/networks/network.js";
import type { ParameterStore } from "../nn/parameters.js";
import type { CutViews } from "./cutViews.js";
import { trainingMethods } from "./methods/index.js";
import type { Batch, BatchInputs, ByName, NetworkTaps, PictureChange } from "./methods/inputs.js";
import type { MethodSettings, TrainingMethod } from "./methods/method.js";
import { refuseUnknownSettings } from "./methods/settings.js";
import { scaledWeight, weightedSum } from "./methods/terms.js";
import { neededSideData } from "./needs.js";
import { headOutputs, networkOf, networkPrefix, type NetworkChoice } from "./network.js";
import type { WeightedMethod } from "./recipes/recipe.js";
import type { SideData, SideNetwork } from "./side/sideData.js";
import type { LossTerms, TrainingTask } from "./task.js";

/** What a loss is made of. */
export interface LossOptions {
  readonly network: NetworkChoice;
  readonly normalisation: Normalisation;
  readonly methods: readonly WeightedMethod[];
  readonly settings: MethodSettings;
  /** Networks that are evaluated inside the step. */
  readonly sideNetworks: readonly SideNetwork[];
  /** Whether the batch holds values at the network's cut in place of its images. Default false. */
  readonly fromCut?: boolean;
}

/** A classifier training, as data. */
export interface ClassifierOptions extends Omit<LossOptions, "sideNetworks" | "fromCut"> {
  readonly seed: number;
  /** Images of a step of this task. */
  readonly batchSize: number;
  /** How the images are cut into steps. Default: into whole batches of `batchSize`. */
  readonly cut?: { readonly batchSize: number; readonly rest: EpochRest };
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
  const cut = options.cut ?? { batchSize, rest: "leave" };
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
  const changes = changesOf(options, images.height);
  return {
    inputs,
    ...(options.initial ? { initial: options.initial } : {}),
    batch: (step) => {
      const indices = batchIndices(seed, step, images.count, cut.batchSize, undefined, cut.rest);
      const epoch = epochOf(step, images.count, cut.batchSize, cut.rest);
      const shown = (): Uint8Array =>
        changes.reduce(
          (pixels, change) => change(pixels, step),
          augmentBatch(images.read(indices), options.augmentation, augmentation, step, epoch, indices),
        );
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

/**
 * How the methods change the pictures of a batch, in order.
 *
 * @throws OAL-T132 where the frozen part's values stand in for them
 */
function changesOf(
  { methods, settings, seed, views }: ClassifierOptions,
  imageSize: number,
): readonly PictureChange[] {
  return methods.flatMap(({ method }) => {
    if (!method.change) return [];
    if (views) throw oalError("OAL-T132", { what: `training method ${method.id}` });
    return [method.change({ seed, imageSize }, settings)];
  });
}

/** The random numbers of all methods, each from a stream of its own. */
function drawsOf(
  { methods, settings, seed, batchSize, network }: ClassifierOptions,
  imageSize: number,
): { readonly name: string; readonly type: TensorType; at(step: number): Tensor }[] {
  const features = networkOf(network).featureDim(network.options);
  const sizes = { batchSize, classes: network.options.classes, imageSize, features };
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

/** What pictures that a method made of the batch are called among all that are shown. */
function madeName(method: TrainingMethod, name: string): string {
  return `${method.id}/${name}`;
}

/** The input that holds one of a method's draws. */
function drawName(method: TrainingMethod, name: string): string {
  return `${method.id}.${name}`;
}

/**
 * Builds the loss.
 *
 * @param inputs the batch tensors of the step by name
 * @throws OAL-T110 when a method asks for side data that it did not say it needs; OAL-T132 when one needs the images and the batch
 *   holds values at the cut
 */
export function classifierLoss(
  context: TrainingContext,
  inputs: Readonly<Record<string, Value>>,
  options: LossOptions,
): LossTerms {
  const { network, normalisation, settings, fromCut = false } = options;
  const { classes } = network.options;
  const methods = options.methods.map(({ method }) => method);
  const made = new Map<string, Value>();
  const normalised = (name: string): Value => {
    const value = made.get(name) ?? normaliseImages(required(inputs[name], name), normalisation);
    made.set(name, value);
    return value;
  };
  const computed = new Map<string, Value>();
  const sideOf = (method: TrainingMethod): ByName<Value> => {
    const needs = method.needs(settings);
    return declared(method, needs, (name) => inputs[name] ?? computed.get(name));
  };

  const entry = entryOf(network, fromCut);
  const images = fromCut ? required(inputs["images"], "images") : normalised("images");
  const drawsFor =
    (method: TrainingMethod): ByName<Value> =>
    (name) =>
      required(inputs[drawName(method, name)], name);
  const changing = (method: TrainingMethod, batch: Batch): BatchInputs => {
    if (fromCut) throw oalError("OAL-T132", { what: `training method ${method.id}` });
    return { ...batch, classes, draws: drawsFor(method), side: sideOf(method), normalisation };
  };
  let batch: Batch = { images, labels: required(inputs["labels"], "labels") };
  for (const method of methods) if (method.batch) batch = method.batch(changing(method, batch), settings);
  const shownNames = [...new Set(methods.flatMap((method) => method.shows(settings)))];
  const pictures = new Map([
    ["", batch.images],
    ...shownNames.map((name) => [name, entry.lead(normalised(name))] as const),
  ]);
  const shownBy = new Map<TrainingMethod, readonly string[]>();
  for (const method of methods) {
    const made = method.pictures?.(changing(method, batch), settings) ?? {};
    for (const [name, value] of Object.entries(made)) pictures.set(madeName(method, name), value);
    shownBy.set(method, [...method.shows(settings), ...Object.keys(made)]);
  }
  const part = context.child(networkPrefix);
  const apart = new Set(methods.flatMap((method) => method.apart?.(settings) ?? []));
  const { taps, head } = tapsOf(pictures, apart, (values, isApart) =>
    entry.build(isApart ? part.withoutUpdates() : part, values),
  );
  for (const side of options.sideNetworks) {
    if (side.pictures === null && fromCut) throw oalError("OAL-T132", { what: side.names.join(" and ") });
    const seen = side.pictures === null ? batch.images : normalised(side.pictures);
    for (const [name, value] of Object.entries(side.build(context.graph, seen))) computed.set(name, value);
  }

  const own = taps("");
  const terms = options.methods.flatMap(({ method, weight }) => {
    const outputsOf = (of: NetworkTaps): ByName<Value> => {
      const outputs = headOutputs(method, part, of, classes, settings);
      return declared(method, Object.keys(outputs), (name) => outputs[name]);
    };
    const shown: ByName<NetworkTaps> = (name) =>
      taps(method.shows(settings).includes(name) ? name : madeName(method, name));
    const added = method.build(
      {
        context,
        classes,
        labels: batch.labels,
        ...own,
        ...(head ? { head } : {}),
        draws: drawsFor(method),
        side: sideOf(method),
        shown: declared(method, shownBy.get(method) ?? [], shown),
        outputs: outputsOf(own),
        outputsOf,
      },
      settings,
    );
    return added.map((term) => ({ ...term, weight: scaledWeight(term.weight, weight) }));
  });
  const names = terms.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw oalError("OAL-T113", { method: "of the recipe", term: twice, problem: "is another method's too" });
  const total = weightedSum(terms);
  if (!total)
    throw oalError("OAL-T113", {
      method: "of the recipe",
      term: "total",
      problem: "has no part with a weight",
    });
  return { total, terms: Object.fromEntries(terms.map(({ name, value }) => [name, value])) };
}

/** Where a batch enters the network. */
interface Entry {
  /** Brings normalised pictures to where the batch enters. */
  lead(images: Value): Value;
  build(context: Context, values: Value): NetworkOutputs;
}

function entryOf(choice: NetworkChoice, fromCut: boolean): Entry {
  if (!fromCut)
    return {
      lead: (images) => images,
      build: (context, images) => networkOf(choice).build(context, images, choice.options),
    };
  const { split } = choice.imported ?? {};
  if (!split) throw oalError("OAL-X101", { problem: `network ${choice.id} has no cut` });
  return { lead: (images) => split.before(images), build: (context, value) => split.after(context, value) };
}

/**
 * One pass of all pictures through the network, taken apart again: normalisation sees them together. Pictures that are to be apart
 * pass by themselves.
 */
function tapsOf(
  pictures: ReadonlyMap<string, Value>,
  apart: ReadonlySet<string>,
  network: (images: Value, isApart: boolean) => NetworkOutputs,
): { readonly taps: ByName<NetworkTaps>; readonly head: NetworkOutputs["head"] } {
  const together = [...pictures].filter(([name]) => !apart.has(name));
  const [first] = together;
  const all = together.map(([, value]) => value);
  const joint = network(all.length === 1 && first ? first[1] : concat(all, 0), false);
  const found = new Map<string, NetworkTaps>();
  let start = 0;
  for (const [name, { shape }] of together) {
    const end = start + (shape[0] ?? 0);
    const [from, to] = [start, end];
    const cut = (value: Value): Value => (all.length === 1 ? value : slice(value, [from], [to], [0]));
    found.set(name, { logits: cut(joint.logits), features: cut(joint.features) });
    start = end;
  }
  for (const [name, value] of pictures) if (apart.has(name)) found.set(name, network(value, true));
  const taps: ByName<NetworkTaps> = (name) => {
    const known = found.get(name);
    if (!known) throw oalError("OAL-X101", { problem: `pictures ${name} were not shown` });
    return known;
  };
  return { taps, head: joint.head };
}

/** A look-up that refuses what was not declared. */
function declared<T>(
  method: TrainingMethod,
  names: readonly string[],
  find: (name: string) => T | undefined,
): ByName<T> {
  return (name) => {
    const found = names.includes(name) ? find(name) : undefined;
    if (found === undefined) throw oalError("OAL-T110", { method: method.id, need: name });
    return found;
  };
}

function required(value: Value | undefined, name: string): Value {
  if (!value) throw oalError("OAL-X101", { problem: `input ${name} was not declared` });
  return value;
}
