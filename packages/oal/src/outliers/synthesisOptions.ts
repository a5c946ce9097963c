/** What can be asked of synthesis. */
import { z } from "zod";
import { choice, flag, real, whole } from "../fields.js";

/** Options of `synthesize` and of what is done with its pictures; options of the sampler stand beside them. */
export const synthesisSchema = z.strictObject({
  latents: z
    .string()
    .min(1)
    .optional()
    .describe(
      "file of latents made elsewhere, .npy or .safetensors, [iterations, batch, 4, H, W] or as published [iterations, batch, H, W]; nothing is synthesised then",
    ),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      "folder of Stable Diffusion 1.x or 2.x as ONNX, or hf:OWNER/NAME of one that was pulled; its own defaults then are plms, 50 steps, guidance 7.5, 300 latents. Default: none, a small diffusion model is trained",
    ),
  size: z
    .number()
    .int()
    .min(8)
    .max(4096)
    .optional()
    .describe("with model: height and width of its pictures in pixels; default what it was trained for"),
  prompt: z
    .string()
    .min(1)
    .default("A high-quality image of the <name>")
    .describe("with model: what it is asked for; <name> is the class, and the outlier stands for its word"),
  names: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe("with model: words for classes whose own names are none, as {n01440764: tench}"),
  align: flag(
    true,
    "with model: trains a map of the teacher's features into the space of its tokens, in which outliers then are sampled; false: the features themselves, as published",
  ),
  space: choice(
    ["pixel", "latent"],
    "pixel",
    "pixel: latents are decoded, looked at by the teacher, and shown to students; latent: they are kept as they are, for the CLUB terms alone",
  ),
  count: whole(1000, 1, 10_000_000, "outlier latents to make; exposure wants 10 000 or more on real images"),
  draw: choice(
    ["inTurn", "published"],
    "inTurn",
    "which embeddings make latents: classes in turn; or, as published, a class drawn anew for every three latents, which share one embedding",
  ),
  perClass: whole(0, 0, 10_000_000, "embeddings of a class that may make latents, the first ones; 0: all"),
  inliers: whole(200, 0, 100_000, "latents made from undisturbed embeddings, for the audit"),
  pairs: whole(
    16,
    0,
    10_000,
    "pairs of pictures that differ in the embedding or the noise alone, for the audit",
  ),
  guidance: real(2, 0, 50, "weight of classifier-free guidance, for a small model; 1: none"),
  sampler: z.string().default("dpmSolver2m").describe("sampler by name; oal list samplers shows them"),
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
    "decoded outliers that the teacher assigns with more confidence to a class that they were made of are dropped; 1: off",
  ),
  seed: whole(42, 0, 2 ** 31 - 1, "seed of the start noise"),
});

/** Every option, and those of the sampler by name. */
export type SynthesisOptions = Pick<
  z.output<typeof synthesisSchema>,
  "count" | "guidance" | "sampler" | "steps" | "seed"
> & { readonly [option: string]: unknown };

/** Whether a run makes pictures of its latents. */
export function makesPictures({ space, latents }: z.output<typeof synthesisSchema>): boolean {
  return space === "pixel" && latents === undefined;
}

/** The keys that only a model of someone else reads. */
export const modelKeys = ["size", "prompt", "names", "align"] as const;
/** The keys that only decoded pictures read. */
export const pictureKeys = ["inliers", "pairs", "maxTeacherConfidence"] as const;

/** Defaults where the model is Stable Diffusion: the published sampler, and no more latents than a machine makes in a day or two. */
export const promptedDefaults = {
  sampler: "plms",
  steps: 50,
  guidance: 7.5,
  count: 300,
  inliers: 10,
  pairs: 2,
} as const;
