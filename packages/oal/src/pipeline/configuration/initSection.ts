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
} as const;

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
