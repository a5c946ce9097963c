/**
 * Training a classifier (teacher or student) with a list of methods: which images, which side data, in which order.
 * Every choice of a step is a function of the seed and the step.
 */
import {
  concat,
  float32Tensor,
  normaliseImages,
  Random,
  slice,
  stopGradient,
  oalError,
  uint8Tensor,
  Graph,
  type Normalisation,
  type Tensor,
  type TensorType,
  type Value,
} from "oal-core";
import { augmentBatch, type AugmentSpec } from "../data/augment.js";
import { batchIndices, epochOf } from "../data/batches.js";
import type { ImageSet } from "../data/imageSet.js";
import { refuseForeignLabels } from "../data/labels.js";
import { EvaluationContext } from "../nn/context.js";
import type { NetworkOptions } from "../nn/networks/network.js";
import { networks } from "../nn/networks/index.js";
import type { ParameterStore } from "../nn/parameters.js";
import { trainingMethods } from "./methods/index.js";
import {
  refuseUnknownSettings,
  weightedSum,
  type MethodInputs,
  type MethodSettings,
  type TrainingMethod,
} from "./methods/method.js";
import { neededOf } from "./needs.js";
import type { TrainingTask } from "./task.js";

/** A network by name with its options. */
export interface NetworkChoice {
  readonly id: string;
  readonly options: NetworkOptions;
}

/** Row vectors with a class each: row i is values[i * width .. (i + 1) * width]. */
export interface LabelledRows {
  readonly width: number;
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

/** Side data that methods ask for. */
export interface ClassifierSideData {
  /** The teacher's outputs on the plain training images, in their order. */
  readonly teacherTable?: {
    readonly logits: Float32Array;
    readonly features: Float32Array;
    readonly featureWidth: number;
  };
  /** The teacher itself, run on the student's augmented images inside the step. */
  readonly teacherNetwork?: { readonly network: NetworkChoice; readonly parameters: ParameterStore };
  readonly outlierEmbeddings?: LabelledRows;
  readonly outlierLatents?: LabelledRows;
  /** Decoded outliers and the teacher's logits on them, row by row. */
  readonly outlierImages?: { readonly images: ImageSet; readonly teacherLogits: Float32Array };
}

/** A classifier training, as data. */
export interface ClassifierOptions {
  readonly seed: number;
  readonly steps: number;
  readonly network: NetworkChoice;
  readonly batchSize: number;
  readonly normalisation: Normalisation;
  readonly augmentation: AugmentSpec;
  readonly methods: readonly TrainingMethod[];
  readonly settings: MethodSettings;
  /** Whether outlier rows are drawn from the image's class or from all. */
  readonly pairing: "class" | "random";
  /** Decoded outliers per step as a share of the batch. */
  readonly outlierFraction: number;
  /** Share of the steps before outliers count. */
  readonly outlierStart: number;
  /** Replaces freshly drawn tensors (frozen filters, a pretrained start). */
  readonly initial?: ParameterStore;
}

/** Prefix of the network's parameter names in a training. */
export const networkPrefix = "network";

/**
 * The task of training a classifier.
 *
 * @throws OAL-D108, OAL-D141 when an image's label is no class of the network; OAL-T110 when a method needs side data that is
 *   not given; OAL-T111 for settings that no method has
 */
export function classifierTask(
  options: ClassifierOptions,
  images: ImageSet,
  side: ClassifierSideData = {},
): TrainingTask {
  refuseForeignLabels(
    images.labels,
    options.network.options.classes,
    (i) => `${images.name}, ${images.ids[i] ?? i}`,
  );
  refuseUnknownSettings(options.settings, [...trainingMethods, ...options.methods]);
  const needs = neededOf(options.methods, options.settings, side);
  const n = options.batchSize;
  const { classes } = options.network.options;
  const size = images.height;
  const outlierCount = needs.has("outlierImages") ? Math.max(1, Math.round(n * options.outlierFraction)) : 0;
  const rows = { outlierEmbeddings: side.outlierEmbeddings, outlierLatents: side.outlierLatents };
  const inputs: Record<string, TensorType> = {
    images: { dtype: "uint8", shape: [n, 3, size, size] },
    labels: { dtype: "float32", shape: [n, classes] },
  };
  if (needs.has("teacher") && side.teacherTable) {
    inputs["teacherLogits"] = { dtype: "float32", shape: [n, classes] };
    inputs["teacherFeatures"] = { dtype: "float32", shape: [n, side.teacherTable.featureWidth] };
  }
  for (const [name, table] of Object.entries(rows)) {
    if (table && (name === "outlierEmbeddings" || name === "outlierLatents") && needs.has(name)) {
      inputs[name] = { dtype: "float32", shape: [n, table.width] };
    }
  }
  if (outlierCount > 0) {
    inputs["outlierImages"] = { dtype: "uint8", shape: [outlierCount, 3, size, size] };
    inputs["outlierTeacherLogits"] = { dtype: "float32", shape: [outlierCount, classes] };
    inputs["exposureGate"] = { dtype: "float32", shape: [] };
  }
  const draws = new Random(options.seed, "outliers");
  const augmentation = new Random(options.seed, "augmentation");
  const outlierAugmentation = augmentation.derive("outliers");
  const byClass = new Map(
    Object.entries(rows).map(([name, table]) => [
      name,
      table ? groupByLabel(table.labels) : new Map<number, number[]>(),
    ]),
  );

  const batch = (step: number): Record<string, Tensor> => {
    const indices = batchIndices(options.seed, step, images.count, n);
    const epoch = epochOf(step, images.count, n);
    const pixels = augmentBatch(
      images.read(indices),
      options.augmentation,
      augmentation,
      step,
      epoch,
      indices,
    );
    const labels = new Float32Array(n * classes);
    indices.forEach((index, row) => {
      labels[row * classes + (images.labels[index] ?? Number.NaN)] = 1;
    });
    const tensors: Record<string, Tensor> = {
      images: uint8Tensor([n, 3, size, size], pixels),
      labels: float32Tensor([n, classes], labels),
    };
    if ("teacherLogits" in inputs && side.teacherTable) {
      const { logits, features, featureWidth } = side.teacherTable;
      tensors["teacherLogits"] = float32Tensor([n, classes], gatherRows(logits, classes, indices));
      tensors["teacherFeatures"] = float32Tensor(
        [n, featureWidth],
        gatherRows(features, featureWidth, indices),
      );
    }
    for (const [name, table] of Object.entries(rows)) {
      if (!table || !(name in inputs)) continue;
      const groups = byClass.get(name);
      const chosen = Array.from(indices, (index, row) => {
        const group = options.pairing === "class" ? groups?.get(images.labels[index] ?? -1) : undefined;
        const draw = draws.derive(name).integer(step, row, group?.length ?? table.labels.length);
        return group ? (group[draw] ?? 0) : draw;
      });
      tensors[name] = float32Tensor([n, table.width], gatherRows(table.values, table.width, chosen));
    }
    if (outlierCount > 0 && side.outlierImages) {
      const { images: outliers, teacherLogits } = side.outlierImages;
      const chosen = batchIndices(options.seed, step, outliers.count, outlierCount, "data/outliers");
      const outlierEpoch = epochOf(step, outliers.count, outlierCount);
      const shown = augmentBatch(
        outliers.read(chosen),
        options.augmentation,
        outlierAugmentation,
        step,
        outlierEpoch,
        chosen,
      );
      tensors["outlierImages"] = uint8Tensor([outlierCount, 3, size, size], shown);
      tensors["outlierTeacherLogits"] = float32Tensor(
        [outlierCount, classes],
        gatherRows(teacherLogits, classes, chosen),
      );
      tensors["exposureGate"] = float32Tensor([], [step >= options.outlierStart * options.steps ? 1 : 0]);
    }
    return tensors;
  };

  return {
    inputs,
    batch,
    ...(options.initial ? { initial: options.initial } : {}),
    build: (context, values) => {
      const get = (name: string): Value => required(values[name], name);
      const shown = outlierCount > 0 ? concat([get("images"), get("outlierImages")], 0) : get("images");
      const normalised = normaliseImages(shown, options.normalisation);
      const network = networks.find(options.network.id);
      const joint = network.build(context.child(networkPrefix), normalised, options.network.options);
      const split = (value: Value, start: number, end: number): Value =>
        outlierCount > 0 ? slice(value, [start], [end], [0]) : value;
      const methodInputs: MethodInputs = {
        context,
        classes,
        labels: get("labels"),
        logits: split(joint.logits, 0, n),
        features: split(joint.features, 0, n),
        ...("teacherLogits" in values
          ? { teacher: { logits: get("teacherLogits"), features: get("teacherFeatures") } }
          : needs.has("teacher") && side.teacherNetwork
            ? {
                teacher: teacherInside(
                  context.graph,
                  normaliseImages(get("images"), options.normalisation),
                  side.teacherNetwork,
                ),
              }
            : {}),
        ...("outlierEmbeddings" in values ? { outlierEmbeddings: get("outlierEmbeddings") } : {}),
        ...("outlierLatents" in values ? { outlierLatents: get("outlierLatents") } : {}),
        ...(outlierCount > 0
          ? {
              outliers: {
                logits: split(joint.logits, n, n + outlierCount),
                features: split(joint.features, n, n + outlierCount),
                teacherLogits: get("outlierTeacherLogits"),
              },
              exposureGate: get("exposureGate"),
            }
          : {}),
      };
      const terms = options.methods.flatMap((method) => [...method.terms(methodInputs, options.settings)]);
      const total = weightedSum(terms);
      if (!total) throw oalError("OAL-X101", { problem: "a training needs at least one loss term" });
      return { total, terms: Object.fromEntries(terms.map((term) => [term.name, term.value])) };
    },
    close: () => {
      images.close();
      side.outlierImages?.images.close();
    },
  };
}

/** The teacher's outputs on the student's own images: one augmentation, seen by both. */
function teacherInside(
  graph: Graph,
  images: Value,
  { network, parameters }: { network: NetworkChoice; parameters: ParameterStore },
): { logits: Value; features: Value } {
  const renamed: ParameterStore = new Map(
    [...parameters].map(([name, tensor]) => [`teacher.${name}`, tensor]),
  );
  const built = networks
    .find(network.id)
    .build(new EvaluationContext(graph, renamed, "teacher"), images, network.options);
  return { logits: stopGradient(built.logits), features: stopGradient(built.features) };
}

/** Copies rows of a table. */
export function gatherRows(values: Float32Array, width: number, indices: ArrayLike<number>): Float32Array {
  const out = new Float32Array(indices.length * width);
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] ?? 0) * width;
    out.set(values.subarray(start, start + width), row * width);
  }
  return out;
}

function groupByLabel(labels: Int32Array): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const group = groups.get(label);
    if (group) group.push(row);
    else groups.set(label, [row]);
  });
  return groups;
}

function required(value: Value | undefined, name: string): Value {
  if (!value) throw oalError("OAL-X101", { problem: `input ${name} was not declared` });
  return value;
}
