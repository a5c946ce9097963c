/** Sections about outliers: embeddings, boundary, autoEncoder, denoiser, synthesis. Defaults: METHOD 3.3, 4.4 and 12, sized for two cores. */
import { z } from "zod";
import { choice, positive, real, whole } from "../../fields.js";
import { autoEncoderSchema } from "../../outliers/diffusion/autoEncoder.js";
import { denoiserSchema } from "../../outliers/diffusion/denoiser.js";
import { samplers } from "../../outliers/samplers/index.js";
import { synthesisSchema } from "../../outliers/synthesisOptions.js";
import { keepChosen, optionShapes, type Choice, type Open } from "./choosing.js";

/** Section `embeddings`. */
export const embeddingsSchema = z.strictObject({
  perClass: whole(
    500,
    5,
    1_000_000,
    "training images per class in the bank of teacher features (fewer where a class is smaller)",
  ),
  view: choice(
    ["plain", "augmented"],
    "plain",
    "pictures of the bank: as they are, or, as published, changed at random as in the student's training",
  ),
});

/** Section `autoEncoder`: the network's options, and how it is trained. */
export const autoEncoderSection = z.strictObject({
  ...autoEncoderSchema.shape,
  steps: whole(400, 1, 10_000_000, "training steps"),
  batchSize: whole(
    64,
    2,
    4096,
    "images per step; above 64x64 pixels as many as have the same number of pixels, but 4",
  ),
  learningRate: positive(1e-3, 1, "learning rate of Adam"),
});

/** Section `denoiser`: the network's options, what its batches are, and how it is trained. */
export const denoiserSection = z.strictObject({
  ...denoiserSchema.shape,
  steps: whole(800, 1, 10_000_000, "training steps"),
  batchSize: whole(128, 2, 4096, "latents per step"),
  learningRate: positive(1e-3, 1, "learning rate of AdamW"),
  conditionDropout: real(0.1, 0, 0.9, "share of conditions replaced by the learned null vector"),
  conditionNoise: real(0.02, 0, 1, "largest standard deviation of the noise on conditions"),
  ema: real(
    0.995,
    0,
    0.99999,
    "decay per step of the averaged weights that are used; 0: the weights themselves",
  ),
  clipNorm: real(1, 0, 1e6, "largest norm of the whole gradient; 0: no limit"),
});

/** The keys of section `synthesis` that choose something with options of its own. */
export const synthesisChoices: readonly Choice[] = [{ key: "sampler", registry: samplers }];

/** Section `synthesis`. */
export function synthesisSection(): z.ZodType<
  Open<z.output<typeof synthesisSchema>>,
  Open<z.input<typeof synthesisSchema>>
> {
  return z
    .strictObject({ ...optionShapes(synthesisChoices), ...synthesisSchema.shape })
    .transform((section, context) => keepChosen(section, synthesisChoices, context));
}
