/** Sections `teacher` and `student`: a network and the recipe that trains it. */
import { z } from "zod";
import { networks } from "../../nn/networks/index.js";
import { optimisers } from "../../nn/optimisers/index.js";
import { schedules } from "../../nn/schedules/index.js";
import { decayed } from "../../training/options.js";
import { choice, positive, real, whole } from "../../fields.js";
import { keepChosen, optionShapes, type Choice, type Open } from "./choosing.js";

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

/** Defaults that differ between teacher and student. */
export interface TrainingDefaults {
  readonly epochs: number;
}

/** Defaults of section `teacher`. */
export const teacherDefaults: TrainingDefaults = { epochs: 6 };

/** Defaults of section `student`. */
export const studentDefaults: TrainingDefaults = { epochs: 4 };

/** The keys that choose something with options of its own. */
export const trainingChoices: readonly Choice[] = [
  { key: "network", registry: networks },
  { key: "optimiser", registry: optimisers },
  { key: "schedule", registry: schedules },
];

const trainingShape = ({ epochs }: TrainingDefaults) => ({
  network: z.string().default("resnetSmall").describe("network by name; oal list networks shows them"),
  epochs: real(epochs, 0.01, 10_000, "passes over the training images; fractions allowed"),
  batchSize: whole(128, 2, 8192, "images per step"),
  rest: choice(
    ["leave", "train"],
    "leave",
    "images at the end of an epoch that fill no batch: left out, or a last, smaller step",
  ),
  optimiser: z.string().default("sgd").describe("update rule by name; oal list optimisers shows them"),
  learningRate: positive(0.1, 100, "highest learning rate, for the mean loss of a batch"),
  weightDecay: real(5e-4, 0, 1, "weight decay, on what decayOn says"),
  decayOn: choice(
    decayed,
    "usual",
    "usual: every parameter that its layer does not exempt, a group with a higher rate no faster than others (SGD); all: everything, each at its own rate, as published; weights: as usual, without biases and normalisations",
  ),
  schedule: z
    .string()
    .default("cosine")
    .describe("shape of the learning rate over the steps; oal list schedules shows them"),
  clipNorm: real(0, 0, 1e6, "largest norm of the whole gradient; 0: no limit"),
  ema: real(
    0,
    0,
    0.99999,
    "decay per step of the averaged weights that are evaluated; 0: the weights themselves",
  ),
  keep: choice(
    ["last", "best"],
    "last",
    "weights that a training ends with: the last, or, as published, those behind the epoch after which most validation images were right (of equal ones the later)",
  ),
  augmentation: augmentationSchema.prefault({}).describe("random changes of the training images"),
});

type TrainingShape = ReturnType<typeof trainingShape>;

/** A section that describes a network and how it is trained. */
export type TrainingSection = Open<z.output<z.ZodObject<TrainingShape>>>;

/**
 * The schema of such a section.
 *
 * @param options keys of training methods that stand beside the network's
 */
export function trainingSection(
  defaults: TrainingDefaults,
  options: Readonly<Record<string, z.core.$ZodType>>,
): z.ZodType<TrainingSection, Open<z.input<z.ZodObject<TrainingShape>>>> {
  const { augmentation, ...before } = trainingShape(defaults);
  return z
    .strictObject({ ...optionShapes(trainingChoices), ...before, ...options, augmentation })
    .transform((section, context) => keepChosen(section, trainingChoices, context));
}
