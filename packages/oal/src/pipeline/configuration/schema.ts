/**
 * The schema of a configuration: every key with its type, range, default and description. Validation, defaults, `--set`,
 * `oal config` and the JSON schema for editors all come from it. The defaults are the preset "embedded".
 */
import { z } from "zod";
import { dataSchema } from "./dataSection.js";
import { positive, whole } from "./fields.js";
import {
  distillationSchema,
  evaluationSchema,
  exposureSchema,
  mutualInformationSchema,
} from "./lossSections.js";
import {
  autoEncoderSchema,
  boundarySchema,
  denoiserSchema,
  embeddingsSchema,
  synthesisSchema,
} from "./outlierSections.js";
import { studentSchema, teacherSchema } from "./trainingSection.js";

/** The whole configuration. */
export const configurationSchema = z.strictObject({
  preset: z
    .string()
    .min(1)
    .default("embedded")
    .describe("the preset that the other keys change; oal list presets shows them"),
  seed: whole(0, 0, 2 ** 31 - 1, "seed of everything drawn"),
  threads: whole(0, 0, 1024, "threads of the engine; 0: one per core. Results do not depend on it"),
  checkpointSeconds: positive(20, 86_400, "seconds between the checkpoints of any training"),
  data: dataSchema.prefault({}).describe("where images come from"),
  teacher: teacherSchema.prefault({}).describe("the teacher network and its recipe"),
  embeddings: embeddingsSchema.prefault({}).describe("the bank of teacher features"),
  boundary: boundarySchema.prefault({}).describe("outlier embeddings at the boundary of each class"),
  autoEncoder: autoEncoderSchema.prefault({}).describe("images to latents and back"),
  denoiser: denoiserSchema.prefault({}).describe("the diffusion model on latents"),
  synthesis: synthesisSchema.prefault({}).describe("outlier latents from outlier embeddings"),
  student: studentSchema.prefault({}).describe("the student network and its recipe"),
  methods: z
    .array(z.enum(["ce", "kd", "oal"]))
    .min(1)
    .refine((methods) => new Set(methods).size === methods.length, "every method once only")
    .default(["ce", "kd", "oal"])
    .describe("students to train: cross-entropy, distillation, outlier-aware learning"),
  kd: distillationSchema.prefault({}).describe("distillation (methods kd and oal)"),
  mi: mutualInformationSchema.prefault({}).describe("mutual-information terms (method oal)"),
  exposure: exposureSchema.prefault({}).describe("decoded outliers shown to the student (method oal)"),
  evaluation: evaluationSchema.prefault({}).describe("detectors and statistics"),
});

/** A configuration with every key present. */
export type Configuration = z.output<typeof configurationSchema>;

/** What a preset or a file may give: some part of a configuration. */
export type ConfigurationInput = z.input<typeof configurationSchema>;

/** Where one set of images lies, as in `data.id`. */
export type ImageSetConfiguration = NonNullable<Configuration["data"]["id"]>;

/** The JSON schema of a configuration file (draft 2020-12), for editors. */
export function configurationJsonSchema(): unknown {
  return z.toJSONSchema(configurationSchema, { io: "input" });
}
