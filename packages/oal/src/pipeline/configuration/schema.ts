/**
 * The schema of a configuration: every key with its type, range, default and description. Validation, defaults, `--set`,
 * `oal config` and the JSON schema for editors all come from it. It is assembled from the schemas of what is registered, so it
 * is made when it is asked for.
 */
import { z } from "zod";
import { mergedShape, positive, whole } from "../../fields.js";
import { outlierSources } from "../../outliers/sources/index.js";
import { devices } from "../../runtime/engines/index.js";
import { trainingMethods } from "../../training/methods/index.js";
import { dataSchema } from "./dataSection.js";
import { evaluationSchema } from "./evaluationSection.js";
import { alignmentSchema } from "../../outliers/alignment.js";
import { auditSchema, keepSchema } from "../../outliers/auditOptions.js";
import { boundarySchema } from "../../outliers/boundary/options.js";
import {
  autoEncoderSection,
  denoiserSection,
  embeddingsSchema,
  synthesisSection,
} from "./outlierSections.js";
import type { Open } from "./choosing.js";
import { initSchema, teacherModelShape } from "./initSection.js";
import { modes } from "./published/modes.js";
import { fixesSchema } from "./published/section.js";
import { warmStartSchema } from "./warmStartSection.js";
import { studentDefaults, teacherDefaults, trainingSection } from "./trainingSection.js";

/** Something with a section of its own. */
interface Sectioned {
  readonly id: string;
  readonly section?: string;
  readonly about?: string;
  readonly schema?: z.ZodObject;
}

/**
 * The sections by name, as keys of the whole configuration.
 *
 * @throws OAL-C207 when two methods have an option of one name in the same section
 */
function methodSections(): Readonly<Record<string, z.ZodType>> {
  const owners = new Map<string, { id: string; schema: z.ZodObject; about: string }[]>();
  const sectioned: readonly Sectioned[] = [...trainingMethods.all, ...outlierSources.all];
  for (const { id, section, schema, about } of sectioned) {
    if (section === undefined || schema === undefined) continue;
    owners.set(section, [...(owners.get(section) ?? []), { id, schema, about: about ?? id }]);
  }
  return Object.fromEntries(
    [...owners].map(([section, parts]) => [
      section,
      z
        .strictObject(mergedShape(section, parts))
        .prefault({})
        .describe(parts.map(({ about }) => about).join("; ")),
    ]),
  );
}

/** Options of methods that stand in the sections of the networks that are trained. */
function ownMethodOptions(): Readonly<Record<string, z.core.$ZodType>> {
  const parts = trainingMethods.all.filter(({ section }) => section === undefined);
  return mergedShape("student", parts);
}

/** Different seeds, the first of which has the plain names. */
const seedList = z
  .array(
    z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1),
  )
  .min(1)
  .refine((seeds) => new Set(seeds).size === seeds.length, "every seed once only");

/** The keys that every configuration has. */
function knownShape() {
  const options = ownMethodOptions();
  return {
    preset: z
      .string()
      .min(1)
      .default("embedded")
      .describe("the preset that the other keys change; oal list presets shows them"),
    plugins: z
      .array(z.string().min(1))
      .default([])
      .describe("modules that add networks, methods, detectors, ...; relative to the file that names them"),
    mode: z
      .enum(modes)
      .default("corrected")
      .describe(
        "what the rows of fixes are where it is not said: corrected, all true; official, all false, with the published loss terms",
      ),
    fixes: fixesSchema
      .prefault({})
      .describe(
        "what the published code does otherwise than the method means, row by row; docs/official.md tells each",
      ),
    seed: whole(0, 0, 2 ** 31 - 1, "seed of everything drawn"),
    seeds: seedList.optional().describe("seeds of whole runs, in place of seed; the first names the models"),
    studentSeeds: seedList
      .optional()
      .describe("seeds of the students, which share data, teacher and outliers, made with seed"),
    threads: whole(0, 0, 1024, "threads of the engine; 0: one per core. Results do not depend on it"),
    jobs: whole(
      1,
      1,
      64,
      "stages that are made at the same time, such as students, each with its share of the threads. Results do not depend on it",
    ),
    device: z
      .enum(devices)
      .default("cpu")
      .describe(
        "what computes: cpu; webgpu, a graphics processor; auto, webgpu where there is one that passes its self-test. Bits differ between devices",
      ),
    checkpointSeconds: positive(20, 86_400, "seconds between the checkpoints of any training"),
    data: dataSchema.prefault({}).describe("where images come from"),
    teacher: trainingSection(teacherDefaults, { ...options, ...teacherModelShape })
      .prefault({})
      .describe("the teacher network and how it is trained"),
    embeddings: embeddingsSchema.prefault({}).describe("the bank of teacher features"),
    boundary: boundarySchema.prefault({}).describe("outlier embeddings at the boundary of each class"),
    autoEncoder: autoEncoderSection.prefault({}).describe("images to latents and back"),
    denoiser: denoiserSection.prefault({}).describe("the diffusion model on latents"),
    alignment: alignmentSchema
      .prefault({})
      .describe("the map of the teacher's features into the space of Stable Diffusion's tokens"),
    synthesis: synthesisSection().prefault({}).describe("outlier latents from outlier embeddings"),
    audit: auditSchema
      .prefault({})
      .describe("how outlier pictures are looked at before students are shown them"),
    keep: keepSchema.prefault({}).describe("which pictures of outlier sources are shown"),
    init: initSchema.prefault({}).describe("the model that students start from"),
    warmStart: warmStartSchema
      .prefault({})
      .describe("a cross-entropy training before the students', which start from it"),
    student: trainingSection(studentDefaults, options)
      .prefault({})
      .describe("the student network and how it is trained"),
    methods: z
      .array(z.string().min(1))
      .min(1)
      .refine((methods) => new Set(methods).size === methods.length, "every method once only")
      .default(["ce", "kd", "oal"])
      .describe("recipes to train students by; oal list recipes shows them"),
    evaluation: evaluationSchema.prefault({}).describe("detectors and statistics"),
  };
}

type Known = z.ZodObject<ReturnType<typeof knownShape>>;

/** A configuration with every key present; sections of training methods and outlier sources stand under names of their own. */
export type Configuration = Open<z.output<Known>>;

/** What a preset or a file may give: some part of a configuration. */
export type ConfigurationInput = Open<z.input<Known>>;

/** Where one set of images lies, as in `data.id`. */
export type ImageSetConfiguration = NonNullable<Configuration["data"]["id"]>;

/**
 * The schema with everything that is registered by now.
 *
 * @throws OAL-C207 when two registered things have an option of one name
 */
export function configurationSchema(): z.ZodType<Configuration, ConfigurationInput> {
  const { methods, evaluation, ...before } = knownShape();
  return z.strictObject({ ...before, methods, ...methodSections(), evaluation });
}

/** The JSON schema of a configuration file (draft 2020-12), for editors. */
export function configurationJsonSchema(): unknown {
  return z.toJSONSchema(configurationSchema(), { io: "input" });
}
