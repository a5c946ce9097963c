/** Models of others: section `init`, what students start from, and the keys of section `teacher` for a model that teaches. */
import { z } from "zod";
import { choice, positive, real, whole } from "../../fields.js";

/** Section `init`. */
export const initSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a trained model that the students start from: an ONNX file, a model file of oal, a run, a folder of a hub model; default: none, students start from random weights",
    ),
  logits: z
    .string()
    .min(1)
    .optional()
    .describe("name of the model's value that holds the class scores; default: found"),
  features: z
    .string()
    .min(1)
    .optional()
    .describe("name of the model's value that holds the penultimate features; default: found"),
  frozen: z
    .union([z.number().min(0).max(1), z.string().min(1)])
    .default(0)
    .describe(
      "how much of the model is not trained: a share of its layers, from the first on (1: all but the head), or the name of a value of it",
    ),
  views: whole(
    4,
    0,
    64,
    "views of every training picture that the frozen part is computed for, once: the plain one, then augmented ones; 0: it is computed in every step",
  ),
  batchNorm: choice(
    ["keep", "adapt"],
    "keep",
    "running statistics of BatchNormalization: as they are in the file, or following the batches",
  ),
  rate: positive(
    0.1,
    100,
    "learning rate of the model's last layer, as a factor of student.learningRate, which the head has",
  ),
  layerDecay: real(0.9, 0.01, 1, "learning rate of each layer, as a factor of that of the layer behind it"),
});

/** Section `teacher.finetune`. The defaults are the published recipe of CIFAR-100's teacher: Adam without decay, half a cosine, two rates. */
const finetuneSchema = z.strictObject({
  when: choice(
    ["never", "newClasses", "always"],
    "never",
    "with teacher.model: whether it is trained on the classes of the run before it teaches: not; where it does not know them by name, as published; or in any case",
  ),
  head: choice(
    ["fitted", "new"],
    "fitted",
    "last layer that this begins with: one that fits its features, or its own for classes that it knows; or, as published, random numbers",
  ),
  epochs: real(50, 0.01, 10_000, "passes over the training images"),
  batchSize: whole(128, 2, 8192, "images per step"),
  learningRate: positive(1e-4, 100, "highest learning rate of the last layer"),
  rate: positive(0.01, 100, "that of the layer before, as a factor of it"),
  layerDecay: real(1, 0.01, 1, "that of each layer before, as a factor of that of the layer behind it"),
  frozen: real(0, 0, 1, "share of the layers that is not trained, from the first on"),
  minFactor: real(1e-4, 0, 1, "learning rate at the end, as a factor of the highest"),
});

/** Keys of section `teacher` beside those of a training. */
export const teacherModelShape = {
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a trained model that teaches as it is, with pictures of its own size: as init.model; default: none, a network of ours is trained",
    ),
  precision: z
    .enum(["float32", "int8"])
    .optional()
    .describe(
      "with model: numbers in which its outputs on the plain pictures are computed; int8 only where its decisions stay; default float32",
    ),
  normalisation: z
    .enum(["own", "student"])
    .optional()
    .describe(
      "with model: pictures normalised and resized as it wants them, or, as published, the student's as they are; default own",
    ),
  finetune: finetuneSchema
    .prefault({})
    .describe("with model: its training on the classes of the run, with teacher.augmentation, rest and keep"),
} as const;

/** Paths of the keys of `teacher.finetune` within section `teacher`. */
export const finetuneKeys: readonly string[] = Object.keys(finetuneSchema.shape).map(
  (key) => `finetune.${key}`,
);

/** Keys of a training that hold for the fine-tuning of a teacher too. */
export const finetuneShares: readonly string[] = ["augmentation", "keep", "rest"];

/** Section `teacher.finetune`. */
export type FinetuneSettings = z.output<typeof finetuneSchema>;

/** How a teacher that was read is trained further. */
export function finetuneOf({
  teacher,
}: {
  readonly teacher: { readonly [key: string]: unknown };
}): FinetuneSettings {
  return finetuneSchema.parse(teacher["finetune"] ?? {});
}

/** Whether the teacher gets the student's pictures as they are. */
export function seesAsStudent({
  teacher,
}: {
  readonly teacher: { readonly [key: string]: unknown };
}): boolean {
  return teacher["normalisation"] === "student";
}

/** Whether the teacher's outputs are wanted in numbers of 8 bits. */
export function wantsBytes({ teacher }: { readonly teacher: { readonly [key: string]: unknown } }): boolean {
  return teacher["precision"] === "int8";
}

/** The path of the teacher's model; undefined: a network of ours is trained. */
export function teacherModelOf({
  teacher,
}: {
  readonly teacher: { readonly [key: string]: unknown };
}): string | undefined {
  const { model } = teacher;
  return typeof model === "string" ? model : undefined;
}
