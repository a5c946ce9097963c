/** Sections about outliers: embeddings, boundary, autoEncoder, denoiser, synthesis. Defaults: METHOD 3.3, 4.4 and 12, sized for two cores. */
import { z } from "zod";
import { choice, flag, positive, real, whole } from "../../fields.js";

/** Section `embeddings`. */
export const embeddingsSchema = z.strictObject({
  perClass: whole(
    500,
    5,
    1_000_000,
    "training images per class in the bank of teacher features (fewer where a class is smaller)",
  ),
});

/** Section `boundary`. */
export const boundarySchema = z.strictObject({
  k: whole(
    300,
    1,
    100_000,
    "K of the K-th-neighbour distance; at most 0.6 of a class's bank, itself not counted",
  ),
  select: whole(
    50,
    1,
    100_000,
    "points per class with the largest distance, from which anchors are drawn; at most 0.1 of the bank",
  ),
  anchors: whole(50, 1, 100_000, "anchors per class and round"),
  noise: whole(256, 1, 100_000, "noisy candidates per anchor and round (the paper: 1500)"),
  keep: whole(2, 1, 1000, "candidates kept per anchor and round: the farthest"),
  rounds: whole(4, 1, 10_000, "rounds per class (the paper: 10)"),
  sigma: z
    .union([z.number().gt(0).max(10), z.literal("auto")])
    .default("auto")
    .describe('standard deviation of the noise on unit vectors, or "auto": eta / sqrt(dimension)'),
  eta: positive(
    0.5,
    10,
    'length of the noise relative to the anchor when sigma is "auto" (0.5 = 27 degrees)',
  ),
  globalReject: flag(false, "drop candidates that lie inside another class"),
});

/** Section `autoEncoder`. */
export const autoEncoderSchema = z.strictObject({
  width: whole(16, 8, 256, "channels of the first level (then 2 and 4 times as many); a multiple of 8"),
  fullResolution: flag(
    false,
    "a stage at the images' own resolution; without it 2x2 pixels enter as channels, three times quicker",
  ),
  steps: whole(400, 1, 10_000_000, "training steps"),
  batchSize: whole(
    64,
    2,
    4096,
    "images per step; above 64x64 pixels as many as have the same number of pixels, but 4",
  ),
  learningRate: positive(1e-3, 1, "learning rate of Adam"),
  klWeight: real(1e-3, 0, 10, "weight of the divergence from the unit normal"),
});

/** Section `denoiser`. */
export const denoiserSchema = z.strictObject({
  channels: whole(32, 16, 1024, "channels at 8x8, twice as many at 4x4; a multiple of 16"),
  blocks: whole(1, 1, 8, "residual blocks per level and direction (METHOD: 2)"),
  steps: whole(800, 1, 10_000_000, "training steps"),
  batchSize: whole(128, 2, 4096, "latents per step"),
  learningRate: positive(1e-3, 1, "learning rate of AdamW"),
  target: choice(["v", "epsilon"], "v", "what the network predicts"),
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

/** Section `synthesis`. */
export const synthesisSchema = z.strictObject({
  count: whole(1000, 1, 10_000_000, "outlier latents to make; exposure wants 10 000 or more on real images"),
  inliers: whole(200, 0, 100_000, "latents made from undisturbed embeddings, for the audit"),
  guidance: real(2, 0, 50, "weight of classifier-free guidance; 1: none"),
  sampler: choice(["ddim", "dpmSolver2m"], "dpmSolver2m", "DDIM, or DPM-Solver++ (2M)"),
  steps: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .refine((steps) => 1000 % steps === 0, "must divide 1000")
    .default(10)
    .describe("steps of the sampler; a divisor of 1000"),
  maxTeacherConfidence: real(
    0.9,
    0,
    1,
    "decoded outliers that the teacher assigns to a class with more confidence are made again; 1: off",
  ),
  seed: whole(42, 0, 2 ** 31 - 1, "seed of the start noise"),
});
