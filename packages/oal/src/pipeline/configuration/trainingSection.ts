/** Sections `teacher` and `student`: a network and the recipe that trains it. */
import { z } from "zod";
import { choice, flag, positive, real, whole } from "../../fields.js";

/** Random changes of the training images. */
export const augmentationSchema = z.strictObject({
  flip: choice(
    ["none", "random", "alternating"],
    "none",
    "mirror left and right: never, by chance, or every second epoch (first by chance)",
  ),
  padding: whole(2, 0, 32, "random shift by up to this many pixels"),
  paddingMode: choice(["zero", "reflect"], "reflect", "what is shifted in: black or the mirrored border"),
  cutout: whole(0, 0, 128, "side in pixels of a square blanked at a random place; 0: none"),
});

/** The defaults of a recipe, which differ between teacher and student. */
export interface RecipeDefaults {
  readonly network: string;
  readonly width: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** A network and its recipe, as the keys of a section. */
const recipeShape = (values: RecipeDefaults) => ({
  network: z.string().default(values.network).describe("network by name; oal list networks shows them"),
  width: whole(values.width, 4, 1024, "channels of the first stage (networks with one width)"),
  widths: z
    .array(z.number().int().min(4).max(4096))
    .min(1)
    .optional()
    .describe(
      "channels of every stage, for networks that take them one by one (airbench); default: from width",
    ),
  blocks: whole(1, 1, 16, "residual blocks per stage (networks that take it)"),
  epochs: real(values.epochs, 0.01, 10_000, "passes over the training images; fractions allowed"),
  batchSize: whole(values.batchSize, 2, 8192, "images per step"),
  optimiser: choice(["sgd", "adam", "adamw"], "sgd", "update rule"),
  learningRate: positive(values.learningRate, 100, "highest learning rate, for the mean loss of a batch"),
  momentum: real(0.9, 0, 0.9999, "momentum of sgd (oneCycle varies its own)"),
  nesterov: flag(true, "Nesterov's form of the momentum (sgd)"),
  weightDecay: real(5e-4, 0, 1, "weight decay; not on biases and normalisation parameters"),
  schedule: choice(
    ["constant", "cosine", "oneCycle", "triangular"],
    "cosine",
    "shape of the learning rate over the steps",
  ),
  warmup: real(0.1, 0, 0.9, "share of the steps in which the rate rises linearly"),
  minFactor: real(1e-3, 0, 1, "last learning rate as a share of the highest (every schedule but constant)"),
  clipNorm: real(0, 0, 1e6, "largest norm of the whole gradient; 0: no limit"),
  ema: real(
    0,
    0,
    0.99999,
    "decay per step of the averaged weights that are evaluated; 0: the weights themselves",
  ),
  augmentation: augmentationSchema.prefault({}).describe("random changes of the training images"),
});

/** Known keys, and options of registered things under names of their own. */
export type Open<Known> = Known & { readonly [option: string]: unknown };

type RecipeShape = z.ZodObject<ReturnType<typeof recipeShape>>;

/** A section that describes a network and how it is trained. */
export type TrainingSection = Open<z.output<RecipeShape>>;

/**
 * The schema of such a section.
 *
 * @param options keys of training methods that stand beside the network's
 */
export function trainingSection(
  values: RecipeDefaults,
  options: Readonly<Record<string, z.core.$ZodType>>,
): z.ZodType<TrainingSection, Open<z.input<RecipeShape>>> {
  return z.strictObject({ ...recipeShape(values), ...options });
}

/** Section `teacher`. */
export const teacherDefaults: RecipeDefaults = {
  network: "resnetSmall",
  width: 32,
  epochs: 6,
  batchSize: 128,
  learningRate: 0.1,
};

/** Section `student`. */
export const studentDefaults: RecipeDefaults = {
  network: "resnetSmall",
  width: 16,
  epochs: 4,
  batchSize: 128,
  learningRate: 0.1,
};
