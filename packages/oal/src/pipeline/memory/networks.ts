/** The networks of a run before there are weights: what its graphs are built from, and the widths that follow. */
import { Graph, type Tensor } from "oal-core";
import type { LoadedModel } from "../../models/load.js";
import { importedNetwork, type ImportedNetwork } from "../../nn/imported/index.js";
import { parametersUnder, type ParameterSpec, type ParameterStore } from "../../nn/parameters.js";
import { cutViews, type CutViews } from "../../training/cutViews.js";
import { networkOf, networkPrefix, type NetworkChoice } from "../../training/network.js";
import type { ClassifierModel } from "../../training/model.js";
import type { Configuration } from "../configuration/schema.js";
import { latentShapeOf } from "../foresight.js";
import type { RunModels } from "../models.js";
import { isAligned } from "../stages/alignment.js";
import { networkChoice } from "../stages/context.js";
import { headOfZeros, initNetwork, teacherParts } from "../stages/initNetwork.js";

/** No picture is looked at, so any will do. */
export const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** The networks of a run. */
export interface Choices {
  readonly teacher: NetworkChoice;
  readonly student: NetworkChoice;
  /** [channels, height, width] of a latent. */
  readonly latentShape: readonly [number, number, number];
  /** Length of an outlier embedding. */
  readonly outlierWidth: number;
}

/** Those of a configuration and the models that it takes. */
export function choicesOf(config: Configuration, models: RunModels, classes: number): Choices {
  const { init, teacher, diffusion } = models;
  const { size } = config.data;
  const read = (model: LoadedModel, imported: ImportedNetwork): NetworkChoice => ({
    id: imported.id,
    options: { classes, imageSize: model.preprocessing.crop },
    imported,
  });
  const teaches = teacher
    ? read(teacher, importedNetwork(teacherParts(teacher, headOfZeros(teacher, classes))))
    : networkChoice(config.teacher, classes, size);
  return {
    teacher: teaches,
    latentShape: latentShapeOf(config, models) ?? [4, size / 4, size / 4],
    outlierWidth:
      models.embeddings?.dimension ??
      (isAligned(config) && diffusion ? diffusion.table.width : widthOf(teaches)),
    student: init
      ? read(init, initNetwork(config, init, headOfZeros(init, classes)).network)
      : networkChoice(config.student, classes, size),
  };
}

/** Width of the teacher's features. */
export function teacherWidth(config: Configuration, models: RunModels, classes: number): number {
  return widthOf(choicesOf(config, models, classes).teacher);
}

/** Length of the embeddings that latents are made from. */
export function conditionWidth(config: Configuration, models: RunModels, classes: number): number {
  const { embeddings: _supplied, ...others } = models;
  return choicesOf(config, others, classes).outlierWidth;
}

/** Width of a network's features. */
export function widthOf(choice: NetworkChoice): number {
  return networkOf(choice).featureDim(choice.options);
}

/** What stands in the batch for images at a network's cut. */
export function viewsAt({ imported, options }: NetworkChoice): CutViews | undefined {
  if (!imported?.split) return undefined;
  const { imageSize } = options;
  const images = new Graph().input("images", { dtype: "float32", shape: [1, 3, imageSize, imageSize] });
  const [, ...shape] = imported.split.before(images).shape;
  return cutViews({ views: 1, shape, row: () => new Float32Array() });
}

/** A teacher of the right shapes. @param specs of its training; none where it is read */
export function teacherOf(
  { teacher: network }: Choices,
  specs: readonly ParameterSpec[] = [],
): ClassifierModel {
  const parameters = network.imported?.first ?? parametersUnder(zerosOf(specs), networkPrefix);
  return { network, parameters, normalisation };
}

/** Tensors of the right shapes, whose memory is never touched. */
export function zerosOf(specs: readonly ParameterSpec[]): ParameterStore {
  return new Map(
    specs.map(({ name, shape }): [string, Tensor] => {
      const count = shape.reduce((product, side) => product * side, 1);
      return [name, { dtype: "float32", shape, data: new Float32Array(count) }];
    }),
  );
}
