/**
 * What a bundle says of itself: the facts beside the graph, kept as metadata "oal.*" of its ONNX file. The format has one
 * number; a file of another one is refused in a sentence, never read differently.
 */
import {
  decisionFromJson,
  decisionToJson,
  isOalError,
  type Decision,
  type ParameterValue,
  type SelfTest,
} from "oal-core";
import { z } from "zod";

/** Format of the metadata and of the graph's outputs. */
export const bundleFormat = 2;

/** Whether an output of a bundle is a trained head of its model: "heads.NAME". */
export function isHead(output: string): boolean {
  return /^heads\../.test(output);
}

/**
 * Metadata keys of the checksums, SHA-256 in 64 hexadecimal digits: of all bytes of the bundle's file but the last 64, which are this
 * checksum, and of the file with the weights, where there is one.
 */
export const checksumKeys = { model: "oal.sha256", weights: "oal.weights" } as const;

/** The name of a bundle's file; of a student's name that no file can have, what is not allowed is escaped. */
export function bundleFileName(name: string): string {
  return `${encodeURIComponent(name)}.onnx`;
}

const triple = z.tuple([z.number(), z.number(), z.number()]);
const side = z.number().int().min(1);

const preprocessingSchema = z.strictObject({
  /** The shorter side becomes this many pixels; or height and width become these, whatever the picture's shape. */
  resize: z.union([side, z.tuple([side, side]).readonly()]),
  /** Side of the central square that is kept: height and width of the graph's images. */
  crop: side,
  interpolation: z.enum(["bilinear", "bicubic", "nearest"]),
  /** Whether pictures are turned as the camera noted in EXIF. */
  orientation: z.enum(["apply", "ignore"]),
  /** Most pixels (width times height) of a picture; a larger one is refused before it is decoded. */
  maxPixels: side,
  /** What the graph subtracts and divides by, per channel, of pixels in 0..1. */
  mean: triple,
  std: triple,
});

/** From a picture to the graph's input. */
export type Preprocessing = z.infer<typeof preprocessingSchema>;

const inputSchema = z.strictObject({
  /** Order of the axes of the graph's images: planes of colours, or the three colours of a pixel side by side. */
  layout: z.enum(["nchw", "nhwc"]),
  /**
   * Who resizes and crops: "outside", whoever runs the graph, to the square that it takes; "fixed", the graph, pictures of one
   * size; "free", the graph, pictures of any size.
   */
  resizing: z.enum(["outside", "fixed", "free"]),
  /** Sides of the images, in pixels; null where they are free. */
  height: side.nullable(),
  width: side.nullable(),
});

/** What the graph's input takes. */
export type BundleInput = z.infer<typeof inputSchema>;

const ingredientSchema = z.strictObject({
  /** What it was for. */
  role: z.enum(["data", "outliers", "teacher", "start weights", "diffusion model"]),
  name: z.string(),
  /** Its licence, or that none is stated. */
  licence: z.string(),
  /** Where it comes from: a path, an address, "made by this run". */
  origin: z.string(),
});

/** Something that a model was made from. */
export type Ingredient = z.infer<typeof ingredientSchema>;

const parameterSchema: z.ZodType<ParameterValue> = z.union([
  z.number(),
  z.string(),
  z.boolean(),
  z.array(z.number()),
]);

const storedDetectorSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  parameters: z.record(z.string(), parameterSchema),
  decision: z.unknown().transform((value, context): Decision => {
    try {
      return decisionFromJson(value);
    } catch (error) {
      if (!isOalError(error)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  }),
  /** Names of its outputs. */
  outputs: z.strictObject({
    score: z.string(),
    pValue: z.string(),
    known: z.string(),
    ask: z.string().optional(),
  }),
  /** Its score jumps where a sign or a rank changes, so that engines agree in most pictures and not in all. */
  jumps: z.literal(true).optional(),
});

/** A detector as a bundle keeps it. */
export type StoredDetector = z.infer<typeof storedDetectorSchema>;

/** The score from which a picture is known; null where that depends on the class that is predicted. */
export function commonCut({ cuts, perClass = [] }: Decision): number | null {
  return perClass.every(({ unknown }) => unknown === cuts.unknown) ? cuts.unknown : null;
}

const finite = z.number();
const selfTestSchema = z.strictObject({
  width: side,
  height: side,
  label: z.number().int().min(0).nullable(),
  detectors: z.record(
    z.string(),
    z.strictObject({
      score: finite,
      pValue: finite,
      known: z.boolean().nullable(),
      tolerance: z.strictObject({ score: finite, pValue: finite }),
    }),
  ),
});

/** The metadata keys, and what their JSON holds. */
const factsSchema = z.strictObject({
  /** Version of the oal that wrote it. */
  "oal.version": z.string(),
  /** What it is called: the student's name in its run. */
  "oal.name": z.string(),
  "oal.preprocessing": preprocessingSchema,
  "oal.input": inputSchema,
  "oal.classNames": z.array(z.string()).min(1),
  /** Id of the detector that decides unless another is asked for. */
  "oal.decides": z.string(),
  "oal.detectors": z.array(storedDetectorSchema).min(1),
  "oal.ingredients": z.array(ingredientSchema),
  /** Anything else worth knowing. */
  "oal.notes": z.record(z.string(), z.string()),
  /** What it said of a picture of a formula where it was written; files of the first days lack it. */
  "oal.selfTest": selfTestSchema.optional(),
});

/** Everything a bundle says of itself. */
export interface BundleFacts {
  readonly version: string;
  readonly name: string;
  readonly preprocessing: Preprocessing;
  readonly input: BundleInput;
  readonly classNames: readonly string[];
  readonly decides: string;
  readonly detectors: readonly StoredDetector[];
  readonly ingredients: readonly Ingredient[];
  readonly notes: Readonly<Record<string, string>>;
  readonly selfTest?: SelfTest;
}

/** The facts as metadata of a file: texts by key. */
export function factsToMetadata(facts: BundleFacts): Record<string, string> {
  const { version, name, decides } = facts;
  const detectors = facts.detectors.map(({ decision, ...rest }) => ({
    ...rest,
    decision: decisionToJson(decision),
  }));
  const json = {
    "oal.preprocessing": facts.preprocessing,
    "oal.input": facts.input,
    "oal.classNames": facts.classNames,
    "oal.detectors": detectors,
    "oal.ingredients": facts.ingredients,
    "oal.notes": facts.notes,
    ...(facts.selfTest ? { "oal.selfTest": facts.selfTest } : {}),
  };
  return {
    "oal.format": String(bundleFormat),
    "oal.version": version,
    "oal.name": name,
    "oal.decides": decides,
    ...Object.fromEntries(Object.entries(json).map(([key, value]) => [key, JSON.stringify(value)])),
  };
}

/** Keys whose value is a text as it is; the others hold JSON. */
const plainKeys = ["oal.version", "oal.name", "oal.decides"];

/**
 * The facts in a file's metadata.
 *
 * @returns the facts; what is wrong with them as a clause; or the format that a file of another version names
 */
export function factsFromMetadata(
  metadata: ReadonlyMap<string, string>,
): BundleFacts | { readonly problem: string } | { readonly otherFormat: string } | null {
  const format = metadata.get("oal.format");
  if (format === undefined) return null;
  if (format !== String(bundleFormat)) return { otherFormat: format };
  const found: Record<string, unknown> = {};
  for (const key of Object.keys(factsSchema.shape)) {
    const text = metadata.get(key);
    if (text === undefined && key === "oal.selfTest") continue;
    if (text === undefined) return { problem: `its metadata lack ${key}` };
    try {
      found[key] = plainKeys.includes(key) ? text : JSON.parse(text);
    } catch {
      return { problem: `its metadata ${key} are no JSON` };
    }
  }
  const parsed = factsSchema.safeParse(found);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `its metadata ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "do not fit"}` };
  }
  const facts = parsed.data;
  const decides = facts["oal.decides"];
  if (!facts["oal.detectors"].some(({ id }) => id === decides))
    return { problem: `it does not hold the detector ${decides} that it decides with` };
  return {
    version: facts["oal.version"],
    name: facts["oal.name"],
    preprocessing: facts["oal.preprocessing"],
    input: facts["oal.input"],
    classNames: facts["oal.classNames"],
    decides,
    detectors: facts["oal.detectors"],
    ingredients: facts["oal.ingredients"],
    notes: facts["oal.notes"],
    ...(facts["oal.selfTest"] ? { selfTest: facts["oal.selfTest"] } : {}),
  };
}
