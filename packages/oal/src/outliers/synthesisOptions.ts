/** What can be asked of synthesis. */
import { z } from "zod";
import { real, whole } from "../fields.js";

/** Options of `synthesize` and of what is done with its pictures; options of the sampler stand beside them. */
export const synthesisSchema = z.strictObject({
  count: whole(1000, 1, 10_000_000, "outlier latents to make; exposure wants 10 000 or more on real images"),
  inliers: whole(200, 0, 100_000, "latents made from undisturbed embeddings, for the audit"),
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
    "decoded outliers that the teacher assigns to a class with more confidence are made again; 1: off",
  ),
  seed: whole(42, 0, 2 ** 31 - 1, "seed of the start noise"),
});

/** Every option, and those of the sampler by name. */
export type SynthesisOptions = Pick<
  z.output<typeof synthesisSchema>,
  "count" | "guidance" | "sampler" | "steps" | "seed"
> & { readonly [option: string]: unknown };
